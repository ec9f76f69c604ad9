import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { contentTypeOf } from '../../recorder-image/contract/formats.ts';
import type { FileFormat } from '../../recorder-image/contract/formats.ts';
import { attachment } from './content-disposition.ts';
import { OwnObject } from './own-object.ts';
import type { ClaimedObject } from './own-object.ts';
import { s3Client, storageError } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';

export interface PresignedDownloadsOptions extends S3Access {
  /** The same store as those who download reach it, where that differs: the host is part of the signature. */
  readonly publicEndpoint?: string | undefined;
  /** How long a URL serves, in seconds: 60 to 86,400; 900 unless told. */
  readonly expirySeconds?: number | undefined;
  readonly now: () => Date;
}

export const EXPIRY_SECONDS = { min: 60, default: 900, max: 86_400 } as const;

const HEAD_TIMEOUT_MS = 5000;

/**
 * URLs by which a file in a private bucket can be downloaded for a while, by whoever has one, also in parts (Range). Throws
 * StorageError, and ForeignObjectError for whatever is none of the recording's own.
 */
export class PresignedDownloads {
  readonly #inside: S3Client;
  readonly #outside: S3Client;
  readonly #expirySeconds: number;
  readonly #now: () => Date;

  constructor(options: PresignedDownloadsOptions) {
    this.#inside = s3Client(options);
    this.#outside = s3Client({ ...options, endpoint: options.publicEndpoint ?? options.endpoint });
    const { min, max, default: usual } = EXPIRY_SECONDS;
    this.#expirySeconds = Math.min(Math.max(options.expirySeconds ?? usual, min), max);
    this.#now = options.now;
  }

  /** Throws StorageError: `file-gone`, `storage-unavailable`. */
  async url(
    request: ClaimedObject & { readonly fileName: string; readonly format: FileFormat },
  ): Promise<{ url: string; expiresAt: Date }> {
    const { fileName, format } = request;
    await this.requirePresence(request);
    const names = {
      ResponseContentDisposition: attachment(fileName),
      ResponseContentType: contentTypeOf(format),
    };
    return this.#signed(OwnObject.of(request), { seconds: this.#expirySeconds, names });
  }

  /** A URL of something that is known to be there. @param seconds that it serves */
  async plainUrl(object: ClaimedObject, seconds: number): Promise<{ url: string; expiresAt: Date }> {
    return this.#signed(OwnObject.of(object), { seconds });
  }

  /** Throws StorageError: `file-gone`, `storage-unavailable`. */
  async requirePresence(object: ClaimedObject): Promise<void> {
    const { address } = OwnObject.of(object);
    try {
      await this.#inside.send(new HeadObjectCommand(address), {
        abortSignal: AbortSignal.timeout(HEAD_TIMEOUT_MS),
      });
    } catch (error) {
      throw storageError(error);
    }
  }

  close(): void {
    this.#inside.destroy();
    this.#outside.destroy();
  }

  async #signed(
    { address }: OwnObject,
    options: { readonly seconds: number; readonly names?: object },
  ): Promise<{ url: string; expiresAt: Date }> {
    const { seconds: expiresIn, names } = options;
    const signingDate = this.#now();
    try {
      const command = new GetObjectCommand({ ...address, ...names });
      const url = await getSignedUrl(this.#outside, command, { expiresIn, signingDate });
      return { url, expiresAt: new Date(signingDate.getTime() + expiresIn * 1000) };
    } catch (error) {
      throw storageError(error);
    }
  }
}
