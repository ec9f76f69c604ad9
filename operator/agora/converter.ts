import type { Tile } from './layout.ts';

/** Where the RTMP server stands, seen from Agora: part of every path but List's. */
export type Region = 'cn' | 'ap' | 'na' | 'eu';

/** `unknown` is any state that the documentation does not name. */
export type ConverterState = 'connecting' | 'running' | 'failed' | 'unknown';

/** What Agora is asked to push: everyone in the channel, mixed, and arranged by Agora unless it says otherwise. */
export interface PushRequest {
  /** At most 64 of [A-Za-z0-9_-]; unique in the Agora project, and so the only thing that makes asking twice harmless. */
  name: string;
  channel: string;
  region: Region;
  /** rtmp:// or rtmps://, with the stream key: a secret. */
  rtmpUrl: string;
  /** Pixels, 66 to 1920. */
  width: number;
  /** Pixels, 66 to 1920. */
  height: number;
  /** Frames a second, 1 to 30. */
  fps: number;
  /** Video, kbit/s, 1 to 10000. */
  bitrateKbps: number;
  /** Seconds that the channel may be empty before Agora ends the push by itself; Agora's default is 300. */
  idleTimeoutSeconds?: number;
  /** Audio, kbit/s, 32 to 128; Agora's default is 48. */
  audioBitrateKbps?: number;
  /** Who is seen where; with one, only those in it are seen, and everybody is heard. */
  layout?: readonly Tile[] | undefined;
  /** No picture at all. */
  audioOnly?: boolean | undefined;
  /** Only this host's stream, as it is: nothing is mixed, arranged or encoded, and size, rate and bitrate are the host's. */
  rawStreamUid?: number | undefined;
}

/** What can be changed of a push while it runs; the layout only where it was made with one. */
export interface PushChanges {
  rtmpUrl?: string | undefined;
  layout?: readonly Tile[] | undefined;
}

/** A push as Agora tells of it. */
export interface Converter {
  id: string;
  state: ConverterState;
  name?: string;
  channel?: string;
  /** Holds the stream key: neither logged nor written to a status. */
  rtmpUrl?: string;
  /** Whether its picture follows a layout of ours, as far as Agora tells. */
  hasLayout?: boolean;
  /** It was made just now, as it was asked for, rather than found. */
  isNew?: boolean;
}

/**
 * Agora's Media Push, as far as a recording needs it.
 *
 * Every method throws AgoraError, whose `disposition` says what the failure means for the recording, or the
 * signal's reason when the caller gave up.
 */
export interface MediaPush {
  /**
   * Asks for a push. Harmless to repeat: one of the same name is adopted, with its RTMP address brought up to date; one
   * that has failed is replaced.
   */
  start(request: PushRequest, signal?: AbortSignal): Promise<Converter>;

  /** Ends a push; one that is gone already counts as ended. */
  stop(region: Region, converterId: string, signal?: AbortSignal): Promise<void>;

  /**
   * Points a push at another RTMP address, or changes who is seen where. At most two a second are allowed.
   *
   * @param sequence an integer greater than that of every earlier update of this converter
   */
  update(
    region: Region,
    converterId: string,
    changes: PushChanges,
    sequence: number,
    signal?: AbortSignal,
  ): Promise<void>;

  /** Undefined on 404, which also stands for "moving to another Agora server": the first one proves nothing. */
  get(region: Region, converterId: string, signal?: AbortSignal): Promise<Converter | undefined>;

  /** @param channel where known, makes the search cheaper */
  findByName(name: string, channel?: string, signal?: AbortSignal): Promise<Converter | undefined>;

  /** Every converter of the Agora project. */
  list(signal?: AbortSignal): AsyncIterable<Converter>;
}
