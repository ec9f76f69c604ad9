import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseSalvageEnvironment } from '../../recorder-image/contract/environment.ts';
import { salvage } from '../../recorder-image/salvage/salvage.ts';
import { salvageConfigFrom } from '../../recorder-image/salvage/salvage-config.ts';
import type { SalvageConfig } from '../../recorder-image/salvage/salvage-config.ts';
import type { ObjectStore } from '../../recorder-image/upload/object-store.ts';
import { S3ObjectStore } from '../../recorder-image/upload/s3-object-store.ts';
import { run } from '../cluster/run-command.ts';
import { debianFfmpegPath, ffmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { expectPlayable } from '../support/media/plays.ts';
import type { S3Service } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { STORES } from './upload-support/stores.ts';

vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const forever = new AbortController().signal;
const log = pino({ level: 'silent' });
/** A fragmented MP4 that breaks off. */
let broken: Buffer;

beforeAll(async () => {
  await using folder = await tempDirectory('clips');
  const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 4, bitrateKbps: 1000 });
  const whole = join(folder.path, 'whole.mp4');
  const fragments = ['-c', 'copy', '-movflags', '+frag_keyframe+empty_moov'];
  await run(await ffmpegPath(), ['-v', 'error', '-i', clip, ...fragments, whole]);
  const bytes = await readFile(whole);
  broken = bytes.subarray(0, Math.floor(bytes.length * 0.8));
}, 900_000);

/** What a recorder leaves in S3 that is lost with its node. */
async function lostRecording(s3: S3Service, storagePath: string): Promise<SalvageConfig> {
  const id = `rec-${randomUUID().slice(0, 8)}`;
  const object = { Bucket: BUCKET, Key: `recordings/standup/${id}.mp4` };
  const client = s3.client();
  const Metadata = { 'recording-id': id };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...object, Metadata }));
  await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: broken }));
  client.destroy();
  const environment = {
    RECORDING_ID: id,
    RECORDING_STORAGE_PATH: storagePath,
    S3_BUCKET: BUCKET,
    S3_KEY: object.Key,
    S3_ENDPOINT: s3.endpoint,
    S3_FORCE_PATH_STYLE: 'true',
    RESULT_PATH: join(storagePath, 'result'),
    FFMPEG_PATH: await ffmpegPath(),
  };
  return salvageConfigFrom(parseSalvageEnvironment(environment));
}

async function openUploads(s3: S3Service, prefix: string): Promise<number> {
  const client = s3.client();
  const answer = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }));
  client.destroy();
  return (answer.Uploads ?? []).length;
}

interface Held {
  readonly store: ObjectStore;
  /** Settles when the request is held. */
  readonly reached: Promise<void>;
  readonly release: () => void;
}

/** Holds one request back, before the store has heard of it or once it has done what was asked. */
function holding(store: ObjectStore, request: number, when: 'before' | 'after'): Held {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const hold = async (): Promise<void> => {
    reached.resolve();
    await released.promise;
  };
  let count = 0;
  const held = new Proxy(store, {
    get: (target, name: keyof ObjectStore) => {
      const verb = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]): Promise<unknown> => {
        count += 1;
        const mine = count === request;
        if (mine && when === 'before') await hold();
        const answer = await Reflect.apply(verb, target, args);
        if (mine && when === 'after') await hold();
        return answer;
      };
    },
  });
  return { store: held, reached: reached.promise, release: released.resolve };
}

async function objectOf(s3: S3Service, key: string): Promise<Buffer> {
  const client = s3.client();
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  client.destroy();
  return bytes;
}

describe.each(STORES)('a salvage, with $name', ({ start }) => {
  const resources = new AsyncDisposableStack();
  let s3: S3Service;

  beforeAll(async () => {
    s3 = resources.use(await start());
    await s3.createBucket(BUCKET);
    vi.stubEnv('AWS_ACCESS_KEY_ID', s3.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.secretAccessKey);
    vi.stubEnv('AWS_REGION', s3.region);
  }, 900_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await resources.disposeAsync();
  });

  it.each(['before', 'after'] as const)(
    'tells of the file, as one does that is held %s any one of its requests meanwhile',
    async (when) => {
      await using folder = await tempDirectory('salvage');
      await using other = await tempDirectory('salvage');
      let request = 1;
      for (let wasHeld = true; wasHeld; request += 1) {
        const config = await lostRecording(s3, folder.path);
        const store = new S3ObjectStore(config.s3);
        const held = holding(store, request, when);
        const first = salvage({ config, store: held.store, log }, forever);
        wasHeld = await Promise.race([held.reached.then(() => true), first.then(() => false)]);
        const second = await salvage({ config: { ...config, storagePath: other.path }, store, log }, forever);
        held.release();
        const outcome = await first;

        const object = await objectOf(s3, config.key);
        const result = { outcome: 'completed', reason: 'Salvaged', key: config.key };
        const said = `held ${when} request ${request}`;
        expect(second, said).toMatchObject({ exitCode: 0, result });
        expect(outcome, said).toMatchObject({ exitCode: 0, result });
        expect(outcome.result, said).toMatchObject({ sizeBytes: object.length });
        expect(object.subarray(0, 64).includes('moov'), said).toBe(true);
        expect(await openUploads(s3, config.key), said).toBe(0);
        if (wasHeld) continue;
        const file = join(folder.path, 'object.mp4');
        await writeFile(file, object);
        await expectPlayable(file, await debianFfmpegPath());
      }
      expect(request).toBeGreaterThan(12);
    },
  );

  it('tells of the file beside another one that runs at the same time', async () => {
    await using folder = await tempDirectory('salvage');
    for (let pair = 1; pair <= 20; pair += 1) {
      const config = await lostRecording(s3, folder.path);
      const one = (): ReturnType<typeof salvage> =>
        salvage({ config, store: new S3ObjectStore(config.s3), log }, forever);
      const outcomes = await Promise.all([one(), one()]);
      expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      expect(await openUploads(s3, config.key)).toBe(0);
    }
  });
});
