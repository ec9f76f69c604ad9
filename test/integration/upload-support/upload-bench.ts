import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { randomBytes, randomUUID } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, vi } from 'vitest';
import { openFileUploader } from '../../../recorder-image/upload/file-uploader.ts';
import { ownerMetadata } from '../../../recorder-image/upload/ownership.ts';
import { S3ObjectStore } from '../../../recorder-image/upload/s3-object-store.ts';
import type { S3Settings } from '../../../recorder-image/upload/s3-connection.ts';
import type { UploadedFile } from '../../../recorder-image/upload/upload-state.ts';
import type { Manner, S3Request } from '../../support/proxy/s3-manner.ts';
import { startS3Proxy } from '../../support/proxy/s3-proxy.ts';
import type { S3Service } from '../../support/s3-server.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

const BUCKET = 'recordings';
/** The smallest that S3 takes. */
const PART = 5 * 1024 * 1024;

export interface UploadOptions {
  readonly key?: string;
  /** How the proxy in front of the store treats requests. */
  readonly manner?: (request: S3Request) => Manner | undefined;
  readonly checksums?: S3Settings['checksums'];
  /** Bytes. Default: 5 MiB. */
  readonly partSize?: number;
  /** Whole parts that the file has, and a piece more. Default: 2. */
  readonly parts?: number;
  /** Whole parts that the file has in the end, once the first ones are sent. Default: it is finished from the start. */
  readonly grown?: number;
  readonly onReupload?: (why: string) => void;
}

export interface Upload {
  readonly key: string;
  /** The file as it is in the end. */
  readonly bytes: Buffer;
  readonly outcome: Promise<UploadedFile>;
  /** The requests so far. */
  readonly seen: readonly S3Request[];
}

/** Uploads by a recorder's own uploader, through a proxy, to a real store. */
export interface UploadBench extends AsyncDisposable {
  /** Of the recording whose files are uploaded. */
  readonly uid: string;
  readonly newKey: () => string;
  readonly upload: (options?: UploadOptions) => Promise<Upload>;
  readonly put: (key: string, body: string, metadata?: Record<string, string>) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
  readonly openUploads: (key: string) => Promise<number>;
  /** Fails where the store has other bytes, or nothing. */
  readonly expectStored: (key: string, bytes: Buffer) => Promise<void>;
}

export async function startUploadBench(s3: S3Service): Promise<UploadBench> {
  const resources = new AsyncDisposableStack();
  resources.use(s3);
  await s3.createBucket(BUCKET);
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.secretAccessKey);
  vi.stubEnv('AWS_REGION', s3.region);
  const proxy = resources.use(await startS3Proxy(s3));
  const folder = resources.use(await tempDirectory('upload'));
  const client = s3.client();
  resources.defer(() => client.destroy());
  const uid = randomUUID();
  const newKey = (): string => `recordings/${randomUUID()}/recording.mp4`;
  const named = (key: string): { Bucket: string; Key: string } => ({ Bucket: BUCKET, Key: key });

  const upload = async (options: UploadOptions = {}): Promise<Upload> => {
    const { partSize = PART, parts = 2, checksums, key = newKey(), grown, onReupload } = options;
    const bytes = randomBytes(partSize * (grown ?? parts) + 1000);
    const seen: S3Request[] = [];
    proxy.setManner((request) => {
      seen.push(request);
      return options.manner?.(request);
    });
    const path = join(folder.path, randomUUID());
    const atFirst = grown === undefined ? bytes.length : partSize * parts + 1000;
    await writeFile(path, bytes.subarray(0, atFirst));
    const store = new S3ObjectStore({
      bucket: BUCKET,
      endpoint: proxy.endpoint,
      forcePathStyle: true,
      checksums,
    });
    const uploader = await openFileUploader({
      store,
      object: {
        key,
        contentType: 'video/mp4',
        metadata: ownerMetadata({ recordingId: 'a', uid }),
      },
      times: () => ({}),
      path,
      statePath: `${path}.json`,
      partSize,
      space: { punchHole: () => Promise.reject(new Error('not here')) },
      giveUpAfterMs: 500,
      random: () => Math.random(),
      onTrouble: () => undefined,
      onProgress: () => undefined,
      log: pino({ level: 'silent' }),
      ...(onReupload === undefined ? {} : { onReupload }),
    });
    if (grown === undefined) uploader.finish();
    const outcome = uploader.run(new AbortController().signal);
    outcome.catch(() => undefined);
    if (grown !== undefined) {
      await waitFor(() => uploader.report.parts?.length === parts, { what: 'the first parts to be sent' });
      await appendFile(path, bytes.subarray(atFirst));
      uploader.finish();
    }
    return { key, bytes, outcome, seen };
  };

  return {
    uid,
    newKey,
    upload,
    put: async (key, Body, Metadata = {}) => {
      await client.send(new PutObjectCommand({ ...named(key), Body, Metadata }));
    },
    remove: async (key) => {
      await client.send(new DeleteObjectCommand(named(key)));
    },
    openUploads: async (key) => {
      const { Uploads = [] } = await client.send(
        new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: key }),
      );
      return Uploads.length;
    },
    expectStored: async (key, bytes) => {
      const { Body } = await client.send(new GetObjectCommand(named(key)));
      const stored = Buffer.from((await Body?.transformToByteArray()) ?? []);
      expect(stored.equals(bytes)).toBe(true);
    },
    [Symbol.asyncDispose]: async () => {
      vi.unstubAllEnvs();
      await resources.disposeAsync();
    },
  };
}
