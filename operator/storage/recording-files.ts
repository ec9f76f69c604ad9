import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { s3Client, storageError } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';
import { StorageError } from './storage-error.ts';

interface StoredFile {
  readonly bucket: string;
  readonly key: string;
}

const TIMEOUT_MS = 10_000;
const DELETES_AT_ONCE = 8;
/** A day of segments is listed in about 2 MB. */
const MAX_PLAYLIST_BYTES = 8_000_000;
const PLAYLIST = '.m3u8';

/** The folder of a meeting's files, as the controller names it: its objectKey() is what counts. */
export function folderOf(meetingId: string): string {
  return meetingId.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+$/, '_');
}

/** The files of recordings in S3: looked for, read and removed. Throws StorageError. */
export class RecordingFiles {
  readonly #client: S3Client;

  constructor(options: S3Access) {
    this.#client = s3Client(options);
  }

  /** A playlist as it lies in S3. */
  playlist(file: StoredFile): Promise<string> {
    return this.text(file, MAX_PLAYLIST_BYTES);
  }

  /** A file of text, of so many bytes at most: one that is larger is not what was looked for. */
  async text({ bucket, key }: StoredFile, maxBytes: number): Promise<string> {
    try {
      const { Body: body, ContentLength: length = 0 } = await this.#client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key }),
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

  /** The playlist of a recording that is still being made: of its latest attempt. */
  async growingPlaylist(place: {
    bucket: string;
    folder: string;
    name: string;
  }): Promise<string | undefined> {
    const { bucket, folder, name } = place;
    const pattern = new RegExp(`^(?:-attempt([0-9]+))?\\${PLAYLIST}$`);
    let latest: { key: string; attempt: number } | undefined;
    // Segments lie in folders, which the delimiter keeps out.
    for await (const key of this.#keys({ bucket, prefix: folder + name, delimiter: '/' })) {
      const match = pattern.exec(key.slice(folder.length + name.length));
      const attempt = Number(match?.[1] ?? 1);
      if (match !== null && attempt >= (latest?.attempt ?? 0)) latest = { key, attempt };
    }
    return latest?.key;
  }

  /**
   * Removes a file, and with a playlist the folder of its segments. Harmless to repeat: the file itself goes last, so
   * that what is left of a removal that was cut off is found again.
   */
  async remove({ bucket, key }: StoredFile, signal?: AbortSignal): Promise<void> {
    if (key.endsWith(PLAYLIST)) {
      const prefix = `${key.slice(0, -PLAYLIST.length)}/`;
      const batch: string[] = [];
      for await (const segment of this.#keys({ bucket, prefix })) {
        signal?.throwIfAborted();
        batch.push(segment);
        if (batch.length === DELETES_AT_ONCE) await this.#removeAll(bucket, batch.splice(0));
      }
      await this.#removeAll(bucket, batch);
    }
    await this.#removeAll(bucket, [key]);
  }

  close(): void {
    this.#client.destroy();
  }

  async *#keys(place: { bucket: string; prefix: string; delimiter?: string }): AsyncGenerator<string> {
    const { bucket, prefix, delimiter } = place;
    const input = {
      Bucket: bucket,
      Prefix: prefix,
      ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
    };
    try {
      for await (const { Contents: found = [] } of paginateListObjectsV2({ client: this.#client }, input)) {
        for (const { Key: key } of found) if (key !== undefined) yield key;
      }
    } catch (error) {
      throw storageError(error);
    }
  }

  async #removeAll(bucket: string, keys: readonly string[]): Promise<void> {
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
