import { renderPlaylist } from './event-playlist.ts';
import type { PlaylistTake } from './event-playlist.ts';
import type { ObjectDescription, ObjectStore } from './object-store.ts';
import { crc32Base64 } from './read-part.ts';
import type { UploadedFile } from './upload-state.ts';

export interface PlaylistPublisherOptions {
  readonly store: ObjectStore;
  readonly object: ObjectDescription;
  /** Added to the object's metadata each time. */
  readonly times: () => Readonly<Record<string, string>>;
  /** What the names of segments are preceded with: `FOLDER/`. */
  readonly folder: string;
}

/** The recording's one playlist, which all takes add to. */
export class PlaylistPublisher {
  readonly #options: PlaylistPublisherOptions;
  readonly #takes = new Map<number, PlaylistTake>();
  #publishing: Promise<void> = Promise.resolve();

  constructor(options: PlaylistPublisherOptions) {
    this.#options = options;
  }

  update(takeIndex: number, take: PlaylistTake): void {
    this.#takes.set(takeIndex, take);
  }

  /** Puts the playlist as it is by then. One at a time: an older one must not come after a newer one. */
  async publish(signal: AbortSignal): Promise<void> {
    const earlier = this.#publishing;
    const turn = earlier.then(
      () => this.#put(false, signal),
      () => this.#put(false, signal),
    );
    this.#publishing = turn.then(
      () => undefined,
      () => undefined,
    );
    await turn;
  }

  /** Puts the playlist with its end, and returns it once S3 has confirmed it; undefined where S3 has another one. */
  async end(signal: AbortSignal): Promise<UploadedFile | undefined> {
    const { store, object } = this.#options;
    const size = await this.#put(true, signal);
    const stored = await store.find(object.key, signal);
    if (stored?.sizeBytes !== size) return undefined;
    const { checksum } = stored;
    return { key: object.key, sizeBytes: size, ...(checksum === undefined ? {} : { checksum }) };
  }

  async #put(ended: boolean, signal: AbortSignal): Promise<number> {
    const { store, object, times, folder } = this.#options;
    const takes = [...this.#takes.entries()].sort(([a], [b]) => a - b).map(([, take]) => take);
    const body = Buffer.from(renderPlaylist({ takes, folder, ended }));
    const metadata = { ...object.metadata, ...times() };
    await store.put({ ...object, metadata, body, crc32: crc32Base64(body) }, signal);
    return body.length;
  }
}
