import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UploadSweep } from '../../operator/storage/upload-sweep.ts';
import type { KnownRecording, KnownRecordings } from '../../operator/storage/upload-sweep.ts';
import { DEFAULT_KEY_TEMPLATE } from '../../recorder-image/contract/key-template.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';

const nobody = (): KnownRecordings => ({ byUid: () => undefined, byName: () => undefined });
const A = '0123456789ab';
const B = 'fedcba987654';
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
  let known: { byUid: Map<string, KnownRecording>; byName: Map<string, KnownRecording> };
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
    known = { byUid: new Map(), byName: new Map() };
    aborted = [];
    laterMs = 0;
    const { endpoint, region, accessKeyId, secretAccessKey } = s3;
    sweep = new UploadSweep({
      access: { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } },
      bucket,
      keyPrefix: 'recordings/',
      keyTemplate: DEFAULT_KEY_TEMPLATE,
      intervalMs: HOUR_MS,
      known: () => ({
        byUid: (uid12) => known.byUid.get(uid12),
        byName: (name) => known.byName.get(name),
      }),
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
    const files = ['recording.mp4', 'recording-take2.mp4', 'recording-attempt2.flv'];
    const keys = files.map((file) => `recordings/m/rec-${A}/${file}`);
    await begin(...keys);
    known.byUid.set(A, 'active');
    laterMs = 30 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual(keys.toSorted());
    expect(aborted).toEqual([]);
  });

  it('aborts those of recordings that ended more than an hour ago', async () => {
    const [a, b] = [`recordings/m/rec-${A}/recording.mp4`, `recordings/m/rec-${B}/recording-attempt2.webm`];
    await begin(a, b);
    known.byUid.set(A, { endedAtMs: Date.now() + 1.5 * HOUR_MS });
    known.byUid.set(B, { endedAtMs: Date.now() + 0.5 * HOUR_MS });
    laterMs = 2 * HOUR_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual([a]);
    expect(aborted).toEqual([b]);
  });

  it('lets one of the same name neither protect the uploads of the one before it, nor lose its own', async () => {
    const [first, second] = [
      `recordings/m/standup-${A}/recording.mp4`,
      `recordings/m/standup-${B}/recording.mp4`,
    ];
    await begin(first, second, 'recordings/m/standup.mp4');
    known.byUid.set(A, { endedAtMs: Date.now() + HOUR_MS });
    known.byUid.set(B, 'active');
    laterMs = 3 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual([second]);
    expect(aborted.toSorted()).toEqual([first, 'recordings/m/standup.mp4']);
  });

  it('takes one begun after the end for that of somebody who mends it', async () => {
    const key = `recordings/m/rec-${A}/recording.mp4`;
    await begin(key);
    known.byUid.set(A, { endedAtMs: Date.now() - DAY_MS });
    await sweep.sweep(never);
    expect(aborted).toEqual([]);
    laterMs = 3 * DAY_MS;
    await sweep.sweep(never);
    expect(aborted).toEqual([key]);
  });

  it('knows those of before recordings had folders by their names, whichever of them it may be', async () => {
    const keys = ['rec.mp4', 'rec-take2.mp4', 'rec-attempt2.mp4'].map((name) => `recordings/m/${name}`);
    await begin(...keys);
    known.byName.set('rec', 'active');
    laterMs = 30 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual(keys.toSorted());
    known.byName.set('rec', { endedAtMs: Date.now() + HOUR_MS });
    known.byName.set('rec-take2', 'active');
    await sweep.sweep(never);
    expect(await open()).toEqual(['recordings/m/rec-take2.mp4']);
  });

  it('aborts those of recordings that are gone once they are too old to be another installation’s', async () => {
    const keys = [`recordings/m/gone-${A}/recording.mp4`, 'recordings/m/gone.mp4'];
    await begin(...keys);
    laterMs = DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual(keys);
    laterMs = 3 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual([]);
  });

  it('touches nothing but uploads that a recorder can have begun, and no file', async () => {
    const foreign = [
      ...['recordings/readme.mp4', 'recordings/m/notes.txt', 'elsewhere/m/rec.mp4'],
      ...[`recordings/m/rec-${A}/notes.txt`, `recordings/m/rec-${A}/deeper/recording.mp4`],
    ];
    await begin(...foreign);
    const Key = `recordings/m/rec-${A}/recording.mp4`;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'media' }));
    laterMs = 30 * DAY_MS;
    await sweep.sweep(never);
    expect(await open()).toEqual(foreign.toSorted());
    const { Contents: files = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(files.map(({ Key: key }) => key).filter((key) => key?.endsWith('/') === false)).toEqual([Key]);
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
      keyTemplate: DEFAULT_KEY_TEMPLATE,
      intervalMs: 1,
      known: nobody,
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
