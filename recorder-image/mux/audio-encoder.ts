import type { Packet, TrackConfig } from '../media/track.ts';
import { AudioStretch } from './audio-stretch.ts';
import type { AudioStretchOptions } from './audio-stretch.ts';
import { isStereo } from './recipes.ts';

/** A gap between two packets up to this long, in ms, is filled with silence. A longer one stays a gap. */
const MAX_SILENCE_MS = 2000;
/** How far, in ms, the other tracks may be ahead before a track that has nothing more counts as silent. */
const MAX_SKEW_MS = 12_000;
/** How much of what has gone in, in ms, may still be on its way through FFmpeg. */
const IN_FFMPEG_MS = 500;
/** How much is taken out at a time, in ms: each time waits for FFmpeg. */
const TAKE_MS = 500;
/** AudioSpecificConfig of AAC LC at 48 kHz. */
const MONO = Buffer.from([0x11, 0x88]);
const STEREO = Buffer.from([0x11, 0x90]);

/**
 * Encodes a track to AAC, on the journal's timeline. What comes out, and when it may be taken, depends on nothing but
 * what goes in: the same take makes the same file each time.
 */
export class AudioEncoder {
  /** Of what comes out. */
  readonly config: TrackConfig;
  readonly #options: AudioStretchOptions;
  #stretch: AudioStretch | undefined;
  #ready: Packet[] = [];
  #nextTakeMs = 0;

  constructor(options: AudioStretchOptions) {
    const { config } = options;
    this.config = { track: config.track, codec: 'aac', record: isStereo(config) ? STEREO : MONO };
    this.#options = options;
  }

  /** Takes a packet in; its time is none before that of the last one. Throws FfmpegError. */
  async encode(packet: Packet): Promise<void> {
    if (this.#hasNothingFor(packet.dtsMs, MAX_SILENCE_MS)) await this.end();
    this.#stretch ??= new AudioStretch(this.#options, packet.dtsMs);
    await this.#stretch.write(packet);
  }

  /** The other tracks have come to this time, in ms. Throws FfmpegError. */
  async passTo(ms: number): Promise<void> {
    if (this.#hasNothingFor(ms, MAX_SKEW_MS)) await this.end();
  }

  /**
   * Takes what comes before this time, in ms, as far as it surely comes without anything more going in: none for some
   * time, then much at once. Throws FfmpegError.
   */
  async take(untilMs: number): Promise<readonly Packet[]> {
    if (untilMs < this.#nextTakeMs) return [];
    this.#nextTakeMs = untilMs + TAKE_MS;
    const stretch = this.#stretch;
    if (stretch !== undefined) {
      this.#ready.push(...(await stretch.take(Math.min(untilMs, stretch.lastMs - IN_FFMPEG_MS))));
    }
    const count = this.#ready.findIndex(({ dtsMs }) => dtsMs >= untilMs);
    return this.#ready.splice(0, count < 0 ? this.#ready.length : count);
  }

  /** Nothing more goes in for now: all that has can be taken. Throws FfmpegError. */
  async end(): Promise<void> {
    const stretch = this.#stretch;
    this.#stretch = undefined;
    if (stretch !== undefined) this.#ready.push(...(await stretch.end()));
  }

  /** Ends at once. */
  close(): void {
    this.#stretch?.close();
    this.#stretch = undefined;
  }

  #hasNothingFor(ms: number, sinceMs: number): boolean {
    return this.#stretch !== undefined && ms - this.#stretch.lastMs > sinceMs;
  }
}
