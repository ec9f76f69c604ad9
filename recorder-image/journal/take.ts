import type { Track } from './flv.ts';

/** What is known of one take, and the news of it, for those who read it while it is written. */
export class Take {
  /** Counts from 1. */
  readonly index: number;
  readonly path: string;
  #size = 0;
  #tracks: ReadonlySet<Track> | undefined;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  constructor(options: { readonly index: number; readonly path: string }) {
    this.index = options.index;
    this.path = options.path;
  }

  /** Bytes of whole tags in the file: what may be read. */
  get size(): number {
    return this.#size;
  }

  /** Undefined until the take's tracks have settled. */
  get tracks(): ReadonlySet<Track> | undefined {
    return this.#tracks;
  }

  /** Nothing will be appended any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves at the next change of any of the above. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  update(news: { readonly size?: number; readonly tracks?: ReadonlySet<Track> | undefined }): void {
    this.#size = news.size ?? this.#size;
    this.#tracks = news.tracks ?? this.#tracks;
    this.#announce();
  }

  end(): void {
    this.#ended = true;
    this.#announce();
  }

  #announce(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
