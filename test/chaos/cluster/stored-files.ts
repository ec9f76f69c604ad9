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

/** What lies in the bucket, asked straight at the server's address. */
export class StoredFiles implements Disposable {
  readonly #client: S3Client;

  constructor(options: { readonly endpoint: string }) {
    this.#client = new S3Client({
      endpoint: options.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      // One that was asked while the server was away must not be waited for.
      requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000 },
      credentials: { accessKeyId: TRIAL.accessKeyId, secretAccessKey: TRIAL.secretAccessKey },
    });
  }

  async list(prefix: string): Promise<StoredFile[]> {
    const { Contents = [] } = await this.#client.send(
      new ListObjectsV2Command({ Bucket: TRIAL.bucket, Prefix: prefix }),
    );
    return Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, sizeBytes: Size }));
  }

  /** Keys of uploads that were begun and neither completed nor aborted. */
  async openUploads(prefix: string): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: TRIAL.bucket, Prefix: prefix }),
    );
    return Uploads.map(({ Key = '' }) => Key).filter((key) => key.startsWith(prefix));
  }

  async download(key: string, file: string): Promise<void> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: TRIAL.bucket, Key: key }));
    if (Body === undefined) throw new Error(`${key} has no body`);
    await pipeline(Body as Readable, createWriteStream(file));
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}
