import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { attachment } from './content-disposition.ts';
import { StorageError } from './storage-error.ts';

export interface PresignedDownloadsOptions {
  /** Absent: AWS's own. */
  readonly endpoint?: string | undefined;
  /** The same store as those who download reach it, where that differs: the host is part of the signature. */
  readonly publicEndpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  /** Absent: the AWS SDK's own chain (environment, web identity, …). */
  readonly credentials?: S3ClientConfig['credentials'];
  /** How long a URL serves, in seconds: 60 to 86,400; 900 unless told. */
  readonly expirySeconds?: number | undefined;
  readonly now: () => Date;
}

export const EXPIRY_SECONDS = { min: 60, default: 900, max: 86_400 } as const;

const CONTENT_TYPES: Record<string, string> = {
  mp4: 'video/mp4',
  webm: 'video/webm',
  m3u8: 'application/vnd.apple.mpegurl',
};
const HEAD_TIMEOUT_MS = 5000;

/** URLs by which a file in a private bucket can be downloaded for a while, by whoever has one, also in parts (Range). */
export class PresignedDownloads {
  readonly #inside: S3Client;
  readonly #outside: S3Client;
  readonly #expirySeconds: number;
  readonly #now: () => Date;

  constructor(options: PresignedDownloadsOptions) {
    const client = (endpoint: string | undefined): S3Client =>
      new S3Client({
        maxAttempts: 2,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(options.region === undefined ? {} : { region: options.region }),
        ...(options.forcePathStyle === undefined ? {} : { forcePathStyle: options.forcePathStyle }),
        ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
      });
    this.#inside = client(options.endpoint);
    this.#outside = client(options.publicEndpoint ?? options.endpoint);
    const { min, max, default: usual } = EXPIRY_SECONDS;
    this.#expirySeconds = Math.min(Math.max(options.expirySeconds ?? usual, min), max);
    this.#now = options.now;
  }

  /** Throws StorageError: `file-gone`, `storage-unavailable`. */
  async url(request: {
    readonly bucket: string;
    readonly key: string;
    readonly fileName: string;
    readonly format: string;
  }): Promise<{ url: string; expiresAt: Date }> {
    const { bucket, key, fileName, format } = request;
    const object = { Bucket: bucket, Key: key };
    await this.#requirePresence(object);
    const signedAt = this.#now();
    const command = new GetObjectCommand({
      ...object,
      ResponseContentDisposition: attachment(fileName),
      ResponseContentType: CONTENT_TYPES[format] ?? 'application/octet-stream',
    });
    try {
      const url = await getSignedUrl(this.#outside, command, {
        expiresIn: this.#expirySeconds,
        signingDate: signedAt,
      });
      return { url, expiresAt: new Date(signedAt.getTime() + this.#expirySeconds * 1000) };
    } catch (error) {
      throw unavailable(error);
    }
  }

  close(): void {
    this.#inside.destroy();
    this.#outside.destroy();
  }

  async #requirePresence(object: { Bucket: string; Key: string }): Promise<void> {
    try {
      await this.#inside.send(new HeadObjectCommand(object), {
        abortSignal: AbortSignal.timeout(HEAD_TIMEOUT_MS),
      });
    } catch (error) {
      if (httpStatus(error) === 404) {
        throw new StorageError(
          'file-gone',
          'The file is gone: its time of retention is over, or it was deleted.',
          {
            cause: error,
          },
        );
      }
      throw unavailable(error);
    }
  }
}

function unavailable(error: unknown): StorageError {
  return new StorageError('storage-unavailable', 'The store of the files does not answer: try again.', {
    cause: error,
  });
}

function httpStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}
