import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { FileOwner } from '../../recorder-image/contract/file-owner.ts';
import { keyElement } from '../../recorder-image/contract/key-template.ts';
import { segmentsFolder } from '../../recorder-image/contract/object-keys.ts';
import { contentFor } from '../../recorder-image/contract/file-owner.ts';
import { keysIn } from './object-list.ts';
import { OwnObject, ownFolder } from './own-object.ts';
import type { ClaimedObject } from './own-object.ts';
import { s3Client, storageError } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';
import { StorageError } from './storage-error.ts';

const TIMEOUT_MS = 10_000;
const DELETES_AT_ONCE = 8;
/** A day of segments is listed in about 2 MB. */
const MAX_PLAYLIST_BYTES = 8_000_000;

/**
 * The files of recordings in S3: looked for, read and removed. Throws StorageError, and ForeignObjectError for whatever is
 * none of the recording's own.
 */
export class RecordingFiles {
  readonly #client: S3Client;

  constructor(options: S3Access) {
    this.#client = s3Client(options);
  }

  /** A playlist as it lies in S3. */
  playlist(file: ClaimedObject): Promise<string> {
    return this.text(file, MAX_PLAYLIST_BYTES);
  }

  /** A file of text, of so many bytes at most: one that is larger is not what was looked for. */
  async text(file: ClaimedObject, maxBytes: number): Promise<string> {
    const { address } = OwnObject.of(file);
    try {
      const { Body: body, ContentLength: length = 0 } = await this.#client.send(
        new GetObjectCommand(address),
        { abortSignal: AbortSignal.timeout(TIMEOUT_MS) },
      );
      if (body === undefined || length > maxBytes) {
        throw new StorageError('file-gone', 'What is stored there is something else.');
      }
      return await body.transformToString('utf8');
    } catch (error) {
      throw storageError(error);
    }
  }

  /**
   * The playlist of a recording that is still being made: of its latest attempt.
   *
   * @param before where recordings without a folder of their own lie; absent: it is not known
   */
  async growingPlaylist(
    owner: FileOwner,
    before: { readonly bucket: string; readonly keyPrefix: string } | undefined,
  ): Promise<{ bucket: string; key: string } | undefined> {
    const { name, meetingId } = owner;
    const folder = ownFolder(owner);
    const place =
      folder ??
      (before && { bucket: before.bucket, prefix: `${before.keyPrefix}${keyElement(meetingId)}/${name}` });
    if (place === undefined) return undefined;
    let latest: { key: string; attempt: number } | undefined;
    // Segments lie in folders, which the delimiter keeps out.
    for await (const key of keysIn(this.#client, { ...place, delimiter: '/' })) {
      const content = contentFor(owner, { bucket: place.bucket, key });
      if (content?.kind !== 'file' || content.format !== 'm3u8') continue;
      if (content.attempt >= (latest?.attempt ?? 0)) latest = { key, attempt: content.attempt };
    }
    return latest && { bucket: place.bucket, key: latest.key };
  }

  /**
   * Removes everything that lies in a recording's folder; of one without a folder its files, and with a playlist its
   * segments. Harmless to repeat: a file goes after its segments, so that what is left of a removal that was cut off is
   * found again.
   *
   * @param files of the recording, in the order in which they go; where it has a folder, that says what there is
   */
  async remove(
    owner: FileOwner,
    files: readonly { readonly bucket: string; readonly key: string }[],
    signal?: AbortSignal,
  ): Promise<void> {
    const folder = ownFolder(owner);
    if (folder) {
      await this.#removeAll(folder.bucket, keysIn(this.#client, folder), signal);
      return;
    }
    for (const { bucket, key } of files) {
      const { content } = OwnObject.of({ owner, bucket, key });
      if (content.kind === 'file' && content.format === 'm3u8')
        await this.#removeAll(bucket, this.#segments(owner, { bucket, key }), signal);
      await this.#removeAll(bucket, [key], signal);
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async *#segments(
    owner: FileOwner,
    { bucket, key }: { bucket: string; key: string },
  ): AsyncGenerator<string> {
    for await (const segment of keysIn(this.#client, { bucket, prefix: `${segmentsFolder(key)}/` }))
      if (contentFor(owner, { bucket, key: segment })?.kind === 'segment') yield segment;
  }

  async #removeAll(
    bucket: string,
    keys: AsyncIterable<string> | Iterable<string>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const batch: string[] = [];
    for await (const key of keys) {
      signal?.throwIfAborted();
      if (batch.push(key) === DELETES_AT_ONCE) await this.#delete(bucket, batch.splice(0));
    }
    await this.#delete(bucket, batch);
  }

  async #delete(bucket: string, keys: readonly string[]): Promise<void> {
    try {
      await Promise.all(
        keys.map((key) =>
          this.#client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), {
            abortSignal: AbortSignal.timeout(TIMEOUT_MS),
          }),
        ),
      );
    } catch (error) {
      throw storageError(error);
    }
  }
}
