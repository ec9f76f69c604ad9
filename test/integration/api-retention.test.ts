import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segmentsFolder } from '../../recorder-image/contract/object-keys.ts';
import { waitFor } from '../support/wait-for.ts';
import { expectProblem } from './api-problem.ts';
import { startReceiver } from './api-receiver.ts';
import type { Receiver } from './api-receiver.ts';
import { ApiWorld, BUCKET, call, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
let world: ApiWorld;
let api: RunningApi;
let receiver: Receiver;
let host: string;
let service: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  receiver = await startReceiver();
  api = await world.startApi({
    ...world.environment(world.databaseUri()),
    RECORDING_RETENTION_DAYS: '30',
    RETENTION_INTERVAL: '1',
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: 'a-webhook-secret-of-some-length',
  });
  host = await tokenOf('host-1');
  service = await serviceToken();
}, 120_000);

afterAll(async () => {
  await api.stop();
  await receiver[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

interface Wish {
  readonly daysAgo: number;
  readonly retentionDays?: number;
  readonly format?: 'mp4' | 'm3u8';
  readonly hold?: boolean;
  /** Of before recordings had folders. */
  readonly isLegacy?: boolean;
  /** It leaves no file that anybody knows of. */
  readonly hasFailed?: boolean;
  /** What lies in the bucket, too. */
  readonly also?: (place: { id: string; prefix: string }) => readonly string[];
}

/** A recording that ended so many days ago, with its files. */
async function recorded(meetingId: string, wish: Wish): Promise<{ id: string; key: string }> {
  const { daysAgo, retentionDays, format = 'mp4', hold = false, isLegacy = false, hasFailed = false } = wish;
  const base = `${api.base}/meetings/${meetingId}`;
  const body = {
    host: 'host-1',
    channel: 'standup',
    ...(retentionDays === undefined ? {} : { retentionDays }),
  };
  const registered = await call('PUT', base, { token: service, body });
  expect(registered.body['retentionDays']).toBe(retentionDays ?? null);
  const started = await call('POST', `${base}/recording/start`, { token: host, body: { format } });
  const id = String(started.body.recording?.['recordingId']);
  const folder = await world.folder(id);
  const stem = isLegacy ? `recordings/${meetingId}/${id}` : `${folder.prefix}recording`;
  const key = `${stem}.${format}`;
  const segments = segmentsFolder(key);
  const others = format === 'm3u8' ? [`${segments}/1-init.mp4`, `${segments}/1-00000.m4s`] : [];
  const also = wish.also?.({ id, prefix: folder.prefix }) ?? [];
  for (const each of [key, ...others, ...also]) await put(each);
  if (hold) {
    const url = `${base}/recordings/${id}/legal-hold`;
    expect((await call('PUT', url, { token: service, body: { legalHold: true } })).status).toBe(200);
  }
  const completedAt = new Date(Date.now() - daysAgo * DAY_MS).toISOString().replace(/\.\d+Z/, 'Z');
  const file = { bucket: BUCKET, key, url: `s3://${BUCKET}/${key}`, sizeBytes: 5, format };
  await world.setStatus(id, {
    ...(hasFailed
      ? { phase: 'Failed', reason: 'RecorderFailed' }
      : { phase: 'Completed', reason: 'StopRequested', file }),
    startedAt: completedAt,
    completedAt,
    ...(isLegacy ? {} : { folder }),
  });
  return { id, key };
}

const put = async (key: string): Promise<void> => {
  await world.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'media' }));
};
const download = (meetingId: string): Promise<Reply> =>
  call('GET', `${api.base}/meetings/${meetingId}/recording/download`, { token: host });
const entry = async (meetingId: string): Promise<Record<string, unknown> | undefined> => {
  const reply = await call('GET', `${api.base}/meetings/${meetingId}/recordings`, { token: host });
  return (reply.body['recordings'] as Record<string, unknown>[])[0];
};
const deleted = (meetingId: string): Promise<unknown> =>
  waitFor(async () => (await entry(meetingId))?.['deletedAt'], {
    what: `the file of ${meetingId} to be removed`,
  });
const keysIn = async (meetingId: string): Promise<(string | undefined)[]> => {
  const found = await world
    .s3Client()
    .send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `recordings/${meetingId}/` }));
  return (found.Contents ?? []).map(({ Key }) => Key).filter((key) => key?.endsWith('/') === false);
};
const told = (id: string): Promise<unknown> =>
  waitFor(
    () =>
      receiver.deliveries.some(
        ({ message }) => message.recordingId === id && message.type === 'recording.deleted',
      ),
    { what: 'the backend to be told' },
  );

describe('retention', () => {
  it('removes what is older than the installation keeps, and says so from then on', async () => {
    const { id } = await recorded('old', { daysAgo: 31 });
    await recorded('young', { daysAgo: 29 });
    await deleted('old');
    expect(await keysIn('old')).toEqual([]);
    expectProblem(await download('old'), 410, 'file-gone');
    const status = await call('GET', `${api.base}/meetings/old/recording/status`, { token: host });
    expect(status.body.recording).toMatchObject({ status: 'completed', fileKey: null, fileUrl: null });
    await told(id);
    expect((await download('young')).status).toBe(200);
    const hold = await call('PUT', `${api.base}/meetings/old/recordings/${id}/legal-hold`, {
      token: service,
      body: { legalHold: true },
    });
    expectProblem(hold, 410, 'file-gone');
  });

  it("goes by the meeting's own days where it has some, shorter or longer", async () => {
    await recorded('shorter', { daysAgo: 3, retentionDays: 2 });
    await recorded('longer', { daysAgo: 40, retentionDays: 50 });
    await deleted('shorter');
    const marker = await recorded('marker', { daysAgo: 31 });
    await told(marker.id);
    expect((await download('longer')).status).toBe(200);
  });

  it('removes a playlist with its segments, and nothing beside them, also of before there were folders', async () => {
    const others = ({ id }: { id: string }): string[] =>
      [`${id}0.mp4`, `${id}x/1-init.mp4`, `${id}/notes.txt`].map((name) => `recordings/hls/${name}`);
    const { id } = await recorded('hls', { daysAgo: 31, format: 'm3u8', isLegacy: true, also: others });
    await deleted('hls');
    expect(await keysIn('hls')).toEqual(others({ id }).toSorted());
  });

  it('removes all that a recording’s folder has, and nothing of another whose name begins alike', async () => {
    const derived = ['recording-take2.mp4', 'manifest.json', 'journal/1.flv', 'captions/en.vtt', 'deep/er/x'];
    let others: string[] = [];
    await recorded('whole', {
      daysAgo: 31,
      format: 'm3u8',
      also: ({ id, prefix }) => {
        const folder = prefix.slice(0, -1);
        others = [`${folder}x/recording.mp4`, `${folder}.mp4`, `recordings/whole/${id}.mp4`];
        return [...derived.map((name) => prefix + name), ...others];
      },
    });
    await deleted('whole');
    expect(await keysIn('whole')).toEqual(others.toSorted());
  });

  it('removes what one that has failed has left, and tells nobody of a file that never was', async () => {
    const failed = await recorded('failed', { daysAgo: 31, hasFailed: true });
    await deleted('failed');
    expect(await keysIn('failed')).toEqual([]);
    const marker = await recorded('marker-3', { daysAgo: 31 });
    await told(marker.id);
    const events = receiver.deliveries.filter(({ message }) => message.recordingId === failed.id);
    expect(events.map(({ message }) => message.type)).not.toContain('recording.deleted');
  });

  it('stops at a legal hold, until that is lifted', async () => {
    const { id, key } = await recorded('held', { daysAgo: 31, hold: true });
    const marker = await recorded('marker-2', { daysAgo: 31 });
    await told(marker.id);
    expect(await keysIn('held')).toEqual([key]);
    expect((await download('held')).status).toBe(200);
    expect(await entry('held')).toMatchObject({ legalHold: true, deletedAt: null });
    const url = `${api.base}/meetings/held/recordings/${id}/legal-hold`;
    expectProblem(await call('PUT', url, { token: host, body: { legalHold: false } }), 403, 'scope-missing');
    await call('PUT', url, { token: service, body: { legalHold: false } });
    await deleted('held');
    expect(await keysIn('held')).toEqual([]);
  });
});

describe('a meeting that has ended', () => {
  it('is not recorded again until the backend registers it again', async () => {
    const base = `${api.base}/meetings/over`;
    const body = { host: 'host-1', channel: 'standup' };
    await call('PUT', base, { token: service, body });
    await call('POST', `${base}/end`, { token: service });
    expectProblem(await call('POST', `${base}/recording/start`, { token: host }), 409, 'meeting-ended');
    await call('PUT', base, { token: service, body });
    expect((await call('POST', `${base}/recording/start`, { token: host })).status).toBe(202);
  });
});
