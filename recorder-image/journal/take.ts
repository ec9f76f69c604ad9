import { FILE_HEADER_SIZE } from './flv.ts';
import type { CodecName } from '../contract/codecs.ts';
import { Ledger } from '../media/ledger.ts';
import { kindOf } from '../media/track.ts';
import type { MediaKind, TrackConfig, TrackId } from '../media/track.ts';
import type { TakeTracks } from './take-tracks.ts';

/** What is known of one take, and the news of it, for those who read it while it is written. */
export class Take {
  /** Counts from 1. */
  readonly index: number;
  readonly path: string;
  /** All media that was accepted, also what the disk has not taken. */
  readonly accepted = new Ledger();
  #stored: Ledger | undefined;
  #size = 0;
  #tracks: ReadonlySet<TrackId> | undefined;
  #configs: readonly TrackConfig[] = [];
  #startMs = 0;
  #isReleased = false;
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

  /** The media that is in the file, or will be once it is written. */
  get stored(): Ledger {
    return this.#stored ?? this.accepted;
  }

  /** The disk has not taken all that was accepted, but this. */
  correct(stored: Ledger): void {
    this.#stored = stored;
  }

  /** Undefined until the take's tracks have settled. */
  get tracks(): ReadonlySet<TrackId> | undefined {
    return this.#tracks;
  }

  /** Of the tracks, but for one whose media came without any; final once the tracks have settled. */
  get configs(): readonly TrackConfig[] {
    return this.#configs;
  }

  /** Final once the tracks have settled; undefined where there is no video. */
  get videoCodec(): CodecName | undefined {
    return this.#configs.find(({ track }) => kindOf(track) === 'video')?.codec;
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

  /** The file is gone: the object store has what was made of it. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  release(): void {
    this.#isReleased = true;
  }

  /** Whether a settled take has audio, or video. */
  has(kind: MediaKind): boolean {
    return [...(this.#tracks ?? [])].some((track) => kindOf(track) === kind);
  }

  /** Resolves at the next change of any of the above. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Bytes that may be read now, and what is known of the tracks in them. */
  update(size: number, tracks: Pick<TakeTracks, 'settled' | 'configs' | 'firstMediaMs'>): void {
    this.#size = size;
    this.#tracks = tracks.settled;
    this.#configs = tracks.configs;
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
