import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UploadSweep } from '../../operator/storage/upload-sweep.ts';
import type { KnownRecording } from '../../operator/storage/upload-sweep.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('the sweep of unfinished uploads, on a real S3 server', () => {
  const never = new AbortController().signal;
  let s3: S3Server;
  let client: S3Client;
  let bucket: string;
  let sweep: UploadSweep;
  let number = 0;
  /** How much later it is than when the uploads were begun. */
  let laterMs: number;
  let known: Map<string, KnownRecording>;
  let aborted: string[];

  beforeAll(async () => {
    s3 = await startS3();
    client = s3.client();
  }, 180_000);
  afterAll(async () => {
    client?.destroy();
    await s3?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    bucket = `bucket-${++number}`;
    await s3.createBucket(bucket);
    known = new Map();
    aborted = [];
    laterMs = 0;
    const { endpoint, region, accessKeyId, secretAccessKey } = s3;
    sweep = new UploadSweep({
      access: { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } },
      bucket,
      keyPrefix: 'recordings/',
      intervalMs: HOUR_MS,
      find: (name) => known.get(name),
      now: () => Date.now() + laterMs,
      onAborted: ({ key }) => aborted.push(key),
      onError: (error) => {
        throw error;
      },
    });
  });
  afterEach(() => sweep.close());

  const begin = async (...keys: string[]) => {
    for (const Key of keys) await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
  };
  const open = async () => {
    const { Uploads: uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return uploads.map(({ Key: key = '' }) => key).toSorted();
  };

  it('leaves those of recordings at work, also of their later takes and attempts, however old', async () => {
    const keys = ['rec-a.mp4', 'rec-a-take2.mp4', 'rec-a-attempt2.mp4'].map((name) => `recordings/m/${name}`);
    await begin(...keys);
    known.set('rec-a', 'active');
    laterMs = 30 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual(keys.toSorted());
    expect(aborted).toEqual([]);
  });

  it('aborts those of recordings that ended more than an hour ago', async () => {
    await begin('recordings/m/rec-a.mp4', 'recordings/m/rec-b-attempt2.webm');
    known.set('rec-a', { endedAtMs: Date.now() + 1.5 * HOUR_MS });
    known.set('rec-b', { endedAtMs: Date.now() + 0.5 * HOUR_MS });
    laterMs = 2 * HOUR_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual(['recordings/m/rec-a.mp4']);
    expect(aborted).toEqual(['recordings/m/rec-b-attempt2.webm']);
  });

  it('takes one begun after the end for that of another recording under the name', async () => {
    await begin('recordings/m/rec-a.mp4');
    known.set('rec-a', { endedAtMs: Date.now() - DAY_MS });
    await sweep.sweep(never);
    expect(aborted).toEqual([]);
    laterMs = 3 * DAY_MS;
    await sweep.sweep(never);
    expect(aborted).toEqual(['recordings/m/rec-a.mp4']);
  });

  it('aborts those of recordings that are gone once they are too old to be another installation’s', async () => {
    await begin('recordings/m/gone.mp4');
    laterMs = DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual(['recordings/m/gone.mp4']);
    laterMs = 3 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual([]);
  });

  it('touches nothing but uploads that a recorder can have begun, and no file', async () => {
    await begin('recordings/readme.mp4', 'recordings/m/notes.txt', 'elsewhere/m/rec.mp4');
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'recordings/m/rec.mp4', Body: 'media' }));
    laterMs = 30 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toHaveLength(3);
    const { KeyCount: files } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(files).toBe(1);
  });

  it('is harmless to do twice at once', async () => {
    await begin(...Array.from({ length: 5 }, (_, index) => `recordings/m/gone-${index}.mp4`));
    laterMs = 3 * DAY_MS;
    await Promise.all([sweep.sweep(never), sweep.sweep(never)]);
    expect(await open()).toEqual([]);
  });

  it('goes on when the store does not answer, and ends when it is told to', async () => {
    const errors: unknown[] = [];
    const stop = new AbortController();
    const failing = new UploadSweep({
      access: {
        endpoint: 'http://127.0.0.1:1',
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      },
      bucket,
      keyPrefix: 'recordings/',
      intervalMs: 1,
      find: () => undefined,
      now: () => Date.now(),
      onAborted: () => undefined,
      onError: (error) => {
        errors.push(error);
        if (errors.length === 3) stop.abort();
      },
    });
    await failing.run(stop.signal);
    expect(errors).toHaveLength(3);
    failing.close();
  });
});
