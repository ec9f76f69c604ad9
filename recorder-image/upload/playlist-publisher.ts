import { renderPlaylist } from './event-playlist.ts';
import type { PlaylistTake } from './event-playlist.ts';
import { findWhenBusy } from './find-when-busy.ts';
import { ObjectStoreError } from './object-store.ts';
import type { MadeObject, ObjectDescription, ObjectStore } from './object-store.ts';
import { putOwn } from './own-objects.ts';
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

const NOT_KEPT = [
  'NotKept: the store has taken the playlist, and has another one, or none: look for what changes objects in the bucket',
  { code: 'NotKept', failure: 'refused' },
] as const;

/** The recording's one playlist, which all takes add to. */
export class PlaylistPublisher {
  readonly #options: PlaylistPublisherOptions;
  readonly #takes = new Map<number, PlaylistTake>();
  #publishing: Promise<void> = Promise.resolve();
  #isOurs = false;

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

  /**
   * Puts the playlist with its end, and returns it once S3 has confirmed it, by its size or at least by an ETag. Throws
   * ObjectStoreError.
   */
  async end(signal: AbortSignal): Promise<UploadedFile> {
    const { store, object } = this.#options;
    const { sizeBytes, etag } = await this.#put(true, signal);
    const stored = await findWhenBusy(store, object.key, signal);
    const isThere = stored?.sizeBytes === sizeBytes;
    if (!isThere && etag === undefined) throw new ObjectStoreError(...NOT_KEPT);
    const checksum = isThere ? stored.checksum : undefined;
    return {
      key: object.key,
      sizeBytes,
      ...(checksum === undefined ? {} : { checksum }),
      ...(etag === undefined ? {} : { etag }),
    };
  }

  async #put(ended: boolean, signal: AbortSignal): Promise<MadeObject & { readonly sizeBytes: number }> {
    const { store, object, times, folder } = this.#options;
    const takes = [...this.#takes.entries()].sort(([a], [b]) => a - b).map(([, take]) => take);
    const body = Buffer.from(renderPlaylist({ takes, folder, ended }));
    const metadata = { ...object.metadata, ...times() };
    const whole = { ...object, metadata, body, crc32: crc32Base64(body) };
    // From then on the key is ours.
    const made = await (this.#isOurs ? store.put(whole, signal) : putOwn(store, whole, signal));
    this.#isOurs = true;
    return { ...made, sizeBytes: body.length };
  }
}
