import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { TRIAL } from '../../install/credentials.ts';

export interface StoredFile {
  readonly key: string;
  readonly sizeBytes: number;
}

/** The SDK's own limits only warn: a request that was sent while the server went away would be waited for. */
const CALL_MS = 5000;
const DOWNLOAD_MS = 60_000;

/** What lies in the bucket, asked straight at the server's address. */
export class StoredFiles implements Disposable {
  readonly #client: S3Client;

  constructor(options: { readonly endpoint: string }) {
    this.#client = new S3Client({
      endpoint: options.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      requestHandler: { connectionTimeout: CALL_MS },
      credentials: { accessKeyId: TRIAL.accessKeyId, secretAccessKey: TRIAL.secretAccessKey },
    });
  }

  async list(prefix: string): Promise<StoredFile[]> {
    const { Contents = [] } = await this.#client.send(
      new ListObjectsV2Command({ Bucket: TRIAL.bucket, Prefix: prefix }),
      { abortSignal: AbortSignal.timeout(CALL_MS) },
    );
    return Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, sizeBytes: Size }));
  }

  /** Keys of uploads that were begun and neither completed nor aborted. */
  async openUploads(prefix: string): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: TRIAL.bucket, Prefix: prefix }),
      { abortSignal: AbortSignal.timeout(CALL_MS) },
    );
    return Uploads.map(({ Key = '' }) => Key).filter((key) => key.startsWith(prefix));
  }

  async download(key: string, file: string): Promise<void> {
    const signal = AbortSignal.timeout(DOWNLOAD_MS);
    const command = new GetObjectCommand({ Bucket: TRIAL.bucket, Key: key });
    const { Body } = await this.#client.send(command, { abortSignal: signal });
    if (Body === undefined) throw new Error(`${key} has no body`);
    await pipeline(Body as Readable, createWriteStream(file), { signal });
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}
