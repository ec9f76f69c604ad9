import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import type {
  CompletedUpload,
  NewUpload,
  ObjectDescription,
  ObjectStore,
  OpenUpload,
  SentPart,
  StoredObject,
  WholeObject,
} from './object-store.ts';
import { ObjectStoreError } from './object-store.ts';
import type { StoredPart } from './part-plan.ts';
import { S3Connection } from './s3-connection.ts';
import type { S3Settings } from './s3-connection.ts';
import { listObjects, listOpenUploads, listParts } from './s3-listings.ts';

/** Completing puts thousands of parts together, which servers are known to take minutes for. */
const COMPLETE_MS = 300_000;
/** For a whole recording, in ms. */
const DOWNLOAD_MS = 3_600_000;

/** What a server answers that does not know full-object checksums. */
const UNKNOWN_CHECKSUM_TYPE = new Set([
  'InvalidArgument',
  'InvalidRequest',
  'NotImplemented',
  'MalformedXML',
]);

/** S3, by the AWS SDK. */
export class S3ObjectStore implements ObjectStore {
  readonly #connection: S3Connection;
  readonly #bucket: string;

  constructor(settings: S3Settings) {
    this.#connection = new S3Connection(settings);
    this.#bucket = settings.bucket;
  }

  async create(object: ObjectDescription, signal: AbortSignal): Promise<NewUpload> {
    try {
      return { uploadId: await this.#create(object, true, signal), fullObjectChecksum: true };
    } catch (error) {
      if (!(error instanceof ObjectStoreError && UNKNOWN_CHECKSUM_TYPE.has(error.code))) throw error;
    }
    return { uploadId: await this.#create(object, false, signal), fullObjectChecksum: false };
  }

  async sendPart(part: SentPart, signal: AbortSignal): Promise<string> {
    const broken = new AbortController();
    const body = Buffer.isBuffer(part.body) ? part.body : part.body.open();
    // The SDK only ever hears of the end of a stream, and would wait for it.
    if (!Buffer.isBuffer(body)) body.once('error', (error) => broken.abort(error));
    try {
      return await this.#connection.request(
        async (sdk, client, options) => {
          const answer = await client.send(
            new sdk.UploadPartCommand({
              ...this.#named(part.key),
              UploadId: part.uploadId,
              PartNumber: part.number,
              Body: body,
              ContentLength: part.body.length,
              ChecksumCRC32: part.crc32,
            }),
            options,
          );
          return answer.ETag ?? '';
        },
        AbortSignal.any([signal, broken.signal]),
      );
    } finally {
      if (!Buffer.isBuffer(body)) body.destroy();
    }
  }

  complete(upload: CompletedUpload, signal: AbortSignal): Promise<void> {
    const { key, uploadId, parts, fullObjectChecksum } = upload;
    return this.#connection.request(
      async (sdk, client, options) => {
        await client.send(
          new sdk.CompleteMultipartUploadCommand({
            ...this.#named(key),
            UploadId: uploadId,
            ...(fullObjectChecksum ? { ChecksumType: 'FULL_OBJECT' as const } : {}),
            MultipartUpload: {
              Parts: parts.map(({ number, etag, crc32 }) => ({
                PartNumber: number,
                ETag: etag,
                ...(crc32 === undefined ? {} : { ChecksumCRC32: crc32 }),
              })),
            },
          }),
          options,
        );
      },
      signal,
      COMPLETE_MS,
    );
  }

  find(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    return this.#connection.request(async (sdk, client, options) => {
      try {
        const head = await client.send(
          new sdk.HeadObjectCommand({ ...this.#named(key), ChecksumMode: 'ENABLED' }),
          options,
        );
        const { ContentLength: sizeBytes = 0, Metadata: metadata = {} } = head;
        const checksum = head.ChecksumCRC32;
        return { sizeBytes, metadata, ...(checksum === undefined ? {} : { checksum: `CRC32:${checksum}` }) };
      } catch (error) {
        if (error instanceof sdk.NotFound) return undefined;
        throw error;
      }
    }, signal);
  }

  put(object: WholeObject, signal: AbortSignal): Promise<void> {
    return this.#connection.request(async (sdk, client, options) => {
      await client.send(
        new sdk.PutObjectCommand({
          ...this.#described(object),
          Body: object.body,
          ContentLength: object.body.length,
          ChecksumCRC32: object.crc32,
        }),
        options,
      );
    }, signal);
  }

  openUploads(key: string, signal: AbortSignal): Promise<OpenUpload[]> {
    return listOpenUploads(this.#connection, key, signal);
  }

  partsOf(key: string, uploadId: string, signal: AbortSignal): Promise<StoredPart[]> {
    return listParts(this.#connection, { key, uploadId }, signal);
  }

  abort(key: string, uploadId: string, signal: AbortSignal): Promise<void> {
    return this.#connection.request(async (sdk, client, options) => {
      await client.send(
        new sdk.AbortMultipartUploadCommand({ ...this.#named(key), UploadId: uploadId }),
        options,
      );
    }, signal);
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    return this.#connection.request(async (sdk, client, options) => {
      await client.send(new sdk.DeleteObjectCommand(this.#named(key)), options);
    }, signal);
  }

  download(
    { key, firstBytes }: { key: string; firstBytes?: number },
    path: string,
    signal: AbortSignal,
  ): Promise<void> {
    const range = firstBytes === undefined ? {} : { Range: `bytes=0-${firstBytes - 1}` };
    return this.#connection.request(
      async (sdk, client, options) => {
        const answer = await client.send(
          new sdk.GetObjectCommand({ ...this.#named(key), ...range }),
          options,
        );
        if (answer.Body === undefined) throw new Error('the server sent no body');
        await pipeline(answer.Body as Readable, createWriteStream(path), { signal: options.abortSignal });
      },
      signal,
      DOWNLOAD_MS,
    );
  }

  read(key: string, onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<boolean> {
    return this.#connection.request(
      async (sdk, client, options) => {
        try {
          const answer = await client.send(new sdk.GetObjectCommand(this.#named(key)), options);
          for await (const bytes of addAbortSignal(options.abortSignal, answer.Body as Readable))
            onBytes(bytes as Buffer);
          return true;
        } catch (error) {
          if (error instanceof sdk.NoSuchKey) return false;
          throw error;
        }
      },
      signal,
      DOWNLOAD_MS,
    );
  }

  list(prefix: string, signal: AbortSignal): Promise<Map<string, number>> {
    return listObjects(this.#connection, prefix, signal);
  }

  #create(object: ObjectDescription, fullObject: boolean, signal: AbortSignal): Promise<string> {
    return this.#connection.request(async (sdk, client, options) => {
      const answer = await client.send(
        new sdk.CreateMultipartUploadCommand({
          ...this.#described(object),
          ChecksumAlgorithm: 'CRC32',
          // Without it the object's checksum is one of its parts' checksums, which nobody can compute from the file alone.
          ...(fullObject ? { ChecksumType: 'FULL_OBJECT' as const } : {}),
        }),
        options,
      );
      if (answer.UploadId === undefined) throw new Error('the server began no multipart upload');
      return answer.UploadId;
    }, signal);
  }

  #named(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: key };
  }

  #described(object: ObjectDescription): {
    Bucket: string;
    Key: string;
    ContentType: string;
    Metadata: Record<string, string>;
  } {
    const { key, contentType, metadata, cacheControl } = object;
    return {
      ...this.#named(key),
      ContentType: contentType,
      Metadata: { ...metadata },
      ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
      ...this.#connection.encryption(),
    };
  }
}
