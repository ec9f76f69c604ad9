import { FILE_HEADER_SIZE } from './flv.ts';
import type { Track } from './flv.ts';
import type { TakeTracks } from './take-tracks.ts';
import type { VideoCodec } from './payload.ts';

/** What is known of one take, and the news of it, for those who read it while it is written. */
export class Take {
  /** Counts from 1. */
  readonly index: number;
  readonly path: string;
  #size = 0;
  #tracks: ReadonlySet<Track> | undefined;
  #videoCodec: VideoCodec | undefined;
  #startMs = 0;
  readonly #end = new AbortController();
  #changed = Promise.withResolvers<void>();

  constructor(options: { readonly index: number; readonly path: string }) {
    this.index = options.index;
    this.path = options.path;
  }

  /** Bytes of whole tags in the file: what may be read. */
  get size(): number {
    return this.#size;
  }

  /** Whether there is anything in the file but its header. */
  get hasMedia(): boolean {
    return this.#size > FILE_HEADER_SIZE;
  }

  /** Undefined until the take's tracks have settled. */
  get tracks(): ReadonlySet<Track> | undefined {
    return this.#tracks;
  }

  /** Known once the tracks have settled; undefined where there is no video. */
  get videoCodec(): VideoCodec | undefined {
    return this.#videoCodec;
  }

  /** Where the take begins on the journal's timeline, in ms; known once the tracks have settled. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Nothing will be appended any more. */
  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  /** Aborted when the take has ended. */
  get endSignal(): AbortSignal {
    return this.#end.signal;
  }

  /** Resolves at the next change of any of the above. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Bytes that may be read now, and what is known of the tracks in them. */
  update(size: number, tracks: TakeTracks): void {
    this.#size = size;
    this.#tracks = tracks.settled;
    this.#videoCodec = tracks.videoCodec;
    this.#startMs = tracks.firstMediaMs ?? 0;
    this.#announce();
  }

  end(): void {
    this.#end.abort();
    this.#announce();
  }

  #announce(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
