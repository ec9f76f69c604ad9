import type { S3Client } from '@aws-sdk/client-s3';
import type {
  CompletedUpload,
  NewUpload,
  ObjectDescription,
  ObjectStore,
  SentPart,
  StoredObject,
} from './object-store.ts';
import { explain } from './s3-errors.ts';
import type * as SdkModule from './sdk.ts';

export interface S3Settings {
  readonly bucket: string;
  readonly endpoint?: string | undefined;
  readonly forcePathStyle: boolean;
  readonly sse?: 'AES256' | 'aws:kms' | undefined;
  readonly sseKmsKeyId?: string | undefined;
}

const CONNECT_MS = 10_000;
/** The longest that one request may take, in ms, whatever the server does: 8 MiB at about 1 Mbit/s. */
const REQUEST_MS = 60_000;
/** Completing puts thousands of parts together, which servers are known to take minutes for. */
const COMPLETE_MS = 300_000;

/** What a server answers that does not know full-object checksums. */
const UNKNOWN_CHECKSUM_TYPE = new Set([
  'InvalidArgument',
  'InvalidRequest',
  'NotImplemented',
  'MalformedXML',
]);

type Sdk = typeof SdkModule;

/** S3, by the AWS SDK, which is only loaded once there is something to upload: it takes longer than all the rest. */
export class S3ObjectStore implements ObjectStore {
  readonly #settings: S3Settings;
  #connected: Promise<{ sdk: Sdk; client: S3Client }> | undefined;

  constructor(settings: S3Settings) {
    this.#settings = settings;
  }

  async create(object: ObjectDescription, signal: AbortSignal): Promise<NewUpload> {
    try {
      return { uploadId: await this.#create(object, true, signal), fullObjectChecksum: true };
    } catch (error) {
      if (!UNKNOWN_CHECKSUM_TYPE.has((error as Error).name)) throw this.#explained(error);
    }
    const uploadId = await this.#request(() => this.#create(object, false, signal));
    return { uploadId, fullObjectChecksum: false };
  }

  sendPart(part: SentPart, signal: AbortSignal): Promise<string> {
    return this.#request(async () => {
      const { sdk, client } = await this.#connect();
      const answer = await client.send(
        new sdk.UploadPartCommand({
          Bucket: this.#settings.bucket,
          Key: part.key,
          UploadId: part.uploadId,
          PartNumber: part.number,
          Body: part.body,
          ContentLength: part.body.length,
          ChecksumCRC32: part.crc32,
        }),
        limited(signal, REQUEST_MS),
      );
      return answer.ETag ?? '';
    });
  }

  complete(upload: CompletedUpload, signal: AbortSignal): Promise<void> {
    const { key, uploadId, parts, fullObjectChecksum } = upload;
    return this.#request(async () => {
      const { sdk, client } = await this.#connect();
      await client.send(
        new sdk.CompleteMultipartUploadCommand({
          Bucket: this.#settings.bucket,
          Key: key,
          UploadId: uploadId,
          ...(fullObjectChecksum ? { ChecksumType: 'FULL_OBJECT' as const } : {}),
          MultipartUpload: {
            Parts: parts.map(({ number, etag, crc32 }) => ({
              PartNumber: number,
              ETag: etag,
              ChecksumCRC32: crc32,
            })),
          },
        }),
        limited(signal, COMPLETE_MS),
      );
    });
  }

  find(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    return this.#request(async () => {
      const { sdk, client } = await this.#connect();
      try {
        const head = await client.send(
          new sdk.HeadObjectCommand({ Bucket: this.#settings.bucket, Key: key, ChecksumMode: 'ENABLED' }),
          limited(signal, REQUEST_MS),
        );
        const { ContentLength: sizeBytes = 0, Metadata: metadata = {} } = head;
        const checksum = head.ChecksumCRC32;
        return { sizeBytes, metadata, ...(checksum === undefined ? {} : { checksum: `CRC32:${checksum}` }) };
      } catch (error) {
        if (error instanceof sdk.NotFound) return undefined;
        throw error;
      }
    });
  }

  async #create(object: ObjectDescription, fullObject: boolean, signal: AbortSignal): Promise<string> {
    const { bucket, sse, sseKmsKeyId } = this.#settings;
    const { sdk, client } = await this.#connect();
    const answer = await client.send(
      new sdk.CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: object.key,
        ContentType: object.contentType,
        Metadata: { ...object.metadata },
        ChecksumAlgorithm: 'CRC32',
        // Without it the object's checksum is one of its parts' checksums, which nobody can compute from the file alone.
        ...(fullObject ? { ChecksumType: 'FULL_OBJECT' as const } : {}),
        ...(sse === undefined ? {} : { ServerSideEncryption: sse }),
        ...(sseKmsKeyId === undefined ? {} : { SSEKMSKeyId: sseKmsKeyId }),
      }),
      limited(signal, REQUEST_MS),
    );
    if (answer.UploadId === undefined) throw new Error('the server began no multipart upload');
    return answer.UploadId;
  }

  async #request<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): Error {
    return explain(error, this.#settings.bucket, this.#settings.endpoint);
  }

  #connect(): Promise<{ sdk: Sdk; client: S3Client }> {
    this.#connected ??= this.#load();
    return this.#connected;
  }

  async #load(): Promise<{ sdk: Sdk; client: S3Client }> {
    const sdk = await import('./sdk.ts');
    const { endpoint, forcePathStyle } = this.#settings;
    const client = new sdk.S3Client({
      forcePathStyle,
      // Servers other than AWS have no regions, but the signature has to name one.
      ...(endpoint === undefined ? {} : { endpoint, region: process.env['AWS_REGION'] ?? 'us-east-1' }),
      // The upload itself decides when to try again, so that it can tell people why it waits.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: REQUEST_MS },
    });
    return { sdk, client };
  }
}

function limited(signal: AbortSignal, ms: number): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(ms)]) };
}
