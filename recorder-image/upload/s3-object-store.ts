import type { CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { ConditionalWrites } from './conditional-writes.ts';
import { EtagCheck } from './etag-check.ts';
import type {
  CompletedUpload,
  MadeObject,
  NewUpload,
  ObjectDescription,
  ObjectStore,
  OpenUpload,
  SentPart,
  StoredObject,
  WholeObject,
} from './object-store.ts';
import { ObjectStoreError } from './object-store.ts';
import type { SdkError } from './s3-errors.ts';
import type { StoredPart } from './part-plan.ts';
import { REQUEST_MS, S3Connection } from './s3-connection.ts';
import type { S3Settings } from './s3-connection.ts';
import { listObjects, listOpenUploads, listParts } from './s3-listings.ts';

/** Completing puts thousands of parts together, which servers are known to take minutes for. */
const COMPLETE_MS = 300_000;
/** For a whole recording, in ms. */
const DOWNLOAD_MS = 3_600_000;
/** Three parts at a time on a line of 1 Mbit/s have to come through, each in its time: bytes/ms. */
const SLOWEST_LINE = 32;

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
  readonly #conditions = new ConditionalWrites();
  readonly #etags = new EtagCheck();
  /** Whether requests and answers have checksums. */
  readonly #checksums: boolean;

  constructor(settings: S3Settings) {
    this.#checksums = settings.checksums !== 'when_required';
    this.#connection = new S3Connection(settings);
    this.#bucket = settings.bucket;
  }

  async create(object: ObjectDescription, signal: AbortSignal): Promise<NewUpload> {
    if (!this.#checksums)
      return { uploadId: await this.#create(object, {}, signal), fullObjectChecksum: false };
    try {
      // Without the type the object's checksum is one of its parts' checksums, which nobody can compute from the file alone.
      const whole = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;
      return { uploadId: await this.#create(object, whole, signal), fullObjectChecksum: true };
    } catch (error) {
      if (!(error instanceof ObjectStoreError && UNKNOWN_CHECKSUM_TYPE.has(error.code))) throw error;
    }
    const uploadId = await this.#create(object, { ChecksumAlgorithm: 'CRC32' }, signal);
    return { uploadId, fullObjectChecksum: false };
  }

  async sendPart(part: SentPart, signal: AbortSignal): Promise<string> {
    const over = new AbortController();
    const check = this.#checksums ? undefined : this.#etags.begin();
    if (Buffer.isBuffer(part.body)) check?.see(part.body);
    const body = Buffer.isBuffer(part.body) ? part.body : part.body.open(check?.see);
    // The SDK only ever hears of the end of a stream, and would wait for it.
    if (!Buffer.isBuffer(body)) body.once('error', (error) => over.abort(error));
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
              ...this.#checksumOf(part),
            }),
            options,
          );
          check?.compare(answer.ETag);
          return answer.ETag ?? '';
        },
        AbortSignal.any([signal, over.signal]),
        msToSend(part.body.length),
      );
    } finally {
      if (!Buffer.isBuffer(body)) {
        // A server that has answered before it had all would be left with half of a request.
        if (!body.readableEnded) over.abort();
        body.destroy();
      }
    }
  }

  complete(upload: CompletedUpload, signal: AbortSignal): Promise<MadeObject> {
    const { key, uploadId, parts, fullObjectChecksum, unlessExists } = upload;
    return this.#conditions.send(unlessExists, (condition) =>
      this.#connection.request(
        async (sdk, client, options) => {
          const answer = await client.send(
            new sdk.CompleteMultipartUploadCommand({
              ...this.#named(key),
              ...condition,
              UploadId: uploadId,
              ...(fullObjectChecksum ? { ChecksumType: 'FULL_OBJECT' as const } : {}),
              MultipartUpload: {
                Parts: parts.map(({ number, etag, crc32 }) => ({
                  PartNumber: number,
                  ETag: etag,
                  ...(crc32 === undefined || !this.#checksums ? {} : { ChecksumCRC32: crc32 }),
                })),
              },
            }),
            options,
          );
          return madeObject(answer.ETag);
        },
        signal,
        COMPLETE_MS,
      ),
    );
  }

  find(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    return this.#connection.request(async (sdk, client, options) => {
      try {
        const head = await client.send(
          new sdk.HeadObjectCommand({
            ...this.#named(key),
            ...(this.#checksums ? { ChecksumMode: 'ENABLED' as const } : {}),
          }),
          options,
        );
        const { ContentLength: sizeBytes = 0, ChecksumCRC32: checksum, Metadata: metadata = {} } = head;
        return {
          sizeBytes,
          ...madeObject(head.ETag),
          ...(checksum === undefined ? {} : { checksum: `CRC32:${checksum}` }),
          metadata: Object.fromEntries(
            Object.entries(metadata).map(([name, value]) => [name.toLowerCase().replaceAll('_', '-'), value]),
          ),
        };
      } catch (error) {
        // AWS answers so for what is not there, without the right s3:ListBucket. Whatever else it means shows elsewhere.
        const forbidden = (error as SdkError).$metadata?.httpStatusCode === 403;
        if (error instanceof sdk.NotFound || forbidden) return undefined;
        throw error;
      }
    }, signal);
  }

  put(object: WholeObject, signal: AbortSignal): Promise<MadeObject> {
    return this.#conditions.send(object.unlessExists, (condition) =>
      this.#connection.request(
        async (sdk, client, options) => {
          const check = this.#checksums ? undefined : this.#etags.begin();
          check?.see(object.body);
          const answer = await client.send(
            new sdk.PutObjectCommand({
              ...this.#described(object),
              ...condition,
              Body: object.body,
              ContentLength: object.body.length,
              ...this.#checksumOf(object),
            }),
            options,
          );
          check?.compare(answer.ETag);
          return madeObject(answer.ETag);
        },
        signal,
        msToSend(object.body.length),
      ),
    );
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

  #create(
    object: ObjectDescription,
    checksum: Pick<CreateMultipartUploadCommandInput, 'ChecksumAlgorithm' | 'ChecksumType'>,
    signal: AbortSignal,
  ): Promise<string> {
    return this.#connection.request(async (sdk, client, options) => {
      const answer = await client.send(
        new sdk.CreateMultipartUploadCommand({ ...this.#described(object), ...checksum }),
        options,
      );
      if (answer.UploadId === undefined) throw new Error('the server began no multipart upload');
      return answer.UploadId;
    }, signal);
  }

  #checksumOf({ crc32 }: { readonly crc32: string }): { ChecksumCRC32?: string } {
    return this.#checksums ? { ChecksumCRC32: crc32 } : {};
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

/** The longest that a request with a body of this size may take. One that stands still is given up sooner. */
function msToSend(bytes: number): number {
  return REQUEST_MS + Math.ceil(bytes / SLOWEST_LINE);
}

function madeObject(etag: string | undefined): MadeObject {
  return etag === undefined || etag === '' ? {} : { etag };
}
