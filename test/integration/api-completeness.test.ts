import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecordings } from '../../operator/bin/recordings.ts';
import type { MeetingRecordingStatus, RecordingFile, RecordingFolder } from '../../operator/crd/status.ts';
import { Database } from '../../operator/meetings/database.ts';
import type { Manifest } from '../../recorder-image/contract/manifest.ts';
import { takeKey } from '../../recorder-image/contract/object-keys.ts';
import { waitFor } from '../support/wait-for.ts';
import { startReceiver } from './api-receiver.ts';
import type { Receiver } from './api-receiver.ts';
import { ApiWorld, BUCKET, call, NAMESPACE, serviceToken, STREAM_KEY_SECRET, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

const DAYS_31_MS = 31 * 24 * 60 * 60 * 1000;
let world: ApiWorld;
let api: RunningApi;
let receiver: Receiver;
let host: string;
let uri: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  receiver = await startReceiver();
  uri = world.databaseUri();
  api = await world.startApi({
    ...world.environment(uri),
    RECORDING_RETENTION_DAYS: '30',
    RETENTION_INTERVAL: '1',
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: 'a-webhook-secret-of-some-length',
  });
  host = await tokenOf('host-1');
}, 120_000);

afterAll(async () => {
  await api.stop();
  await receiver[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const ask = (meetingId: string, path: string): Promise<Reply> =>
  call('GET', `${api.base}/meetings/${meetingId}/${path}`, { token: host });
const entries = async (meetingId: string): Promise<Record<string, unknown>[]> =>
  (await ask(meetingId, 'recordings')).body['recordings'] as Record<string, unknown>[];
const until = (meetingId: string, status: string): Promise<unknown> =>
  waitFor(async () => (await entries(meetingId))[0]?.['status'] === status, {
    what: `the recording of ${meetingId} to be ${status}`,
  });
const put = async (key: string, body: string): Promise<void> => {
  await world.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
};
const keysIn = async (folder: string): Promise<string[]> => {
  const found = await world.s3Client().send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: folder }));
  return (found.Contents ?? []).flatMap(({ Key }) => (Key === undefined || Key.endsWith('/') ? [] : [Key]));
};
const fileAt = (key: string, format: RecordingFile['format'] = 'mp4'): RecordingFile => ({
  bucket: BUCKET,
  key,
  url: `s3://${BUCKET}/${key}`,
  sizeBytes: 5,
  format,
});
const told = (status: 'True' | 'False' | 'Unknown'): Pick<MeetingRecordingStatus, 'conditions'> => ({
  conditions: [
    {
      type: 'Complete',
      status,
      reason: 'MediaLost',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
});

async function started(meetingId: string): Promise<string> {
  const base = `${api.base}/meetings/${meetingId}`;
  await call('PUT', base, { token: await serviceToken(), body: { host: 'host-1', channel: 'standup' } });
  const reply = await call('POST', `${base}/recording/start`, { token: host });
  expect(reply.body.recording).toMatchObject({ complete: null, missingSeconds: null });
  return String(reply.body.recording?.['recordingId']);
}

/** A recording that has ended like this. */
async function recorded(
  meetingId: string,
  end: (folder: RecordingFolder, id: string) => MeetingRecordingStatus | Promise<MeetingRecordingStatus>,
): Promise<string> {
  const id = await started(meetingId);
  const folder = await world.folder(id);
  const status = await end(folder, id);
  await world.setStatus(id, { phase: 'Completed', reason: 'StopRequested', folder, ...status });
  await until(meetingId, 'completed');
  return id;
}

/** A recording of so many takes, of which the status knows some. */
async function manyTakes(
  meetingId: string,
  options: { takes: number; known: number; completedAt?: string; manifest?: (made: Manifest) => unknown },
): Promise<string[]> {
  const { takes, known, completedAt, manifest = (made) => made } = options;
  let keys: string[] = [];
  await recorded(meetingId, async ({ prefix }) => {
    keys = Array.from({ length: takes }, (_, index) => takeKey(`${prefix}recording.mp4`, index + 1));
    for (const key of keys) await put(key, 'media');
    const key = `${prefix}manifest.json`;
    await put(key, JSON.stringify(manifest(manifestOf(keys))));
    const files = keys.slice(0, known).map((key) => fileAt(key));
    const [file] = files;
    return {
      ...(file && { file, files }),
      ...(completedAt !== undefined && { completedAt }),
      manifest: { bucket: BUCKET, key, checksum: 'CRC64NVME:AA==' },
    };
  });
  return keys;
}

function manifestOf(keys: readonly string[]): Manifest {
  return {
    version: 1,
    recording: { id: 'rec' },
    durationSeconds: 1,
    attempts: [{ attempt: 1, reason: 'Stopped' }],
    files: keys.map((key, index) => ({
      key,
      format: 'mp4',
      sizeBytes: 5,
      attempt: 1,
      takes: [index + 1],
      tracks: [],
    })),
    gaps: [],
    leftOut: [],
    complete: true,
    missingSeconds: 0,
    writtenBy: { meetrec: 'test' },
    writtenAt: '2026-01-01T00:00:00Z',
  };
}

describe('what is missing from a recording', () => {
  it.each([
    ['whole', 'True', 0, true],
    ['lossy', 'False', 6600.5, false],
    ['untold', 'Unknown', undefined, null],
  ] as const)(
    'is told of one that is %s, wherever it is shown',
    async (meetingId, status, seconds, complete) => {
      const expected = { complete, missingSeconds: seconds ?? null };
      const id = await recorded(meetingId, ({ prefix }) => ({
        ...told(status),
        ...(seconds !== undefined && { missingSeconds: seconds }),
        file: fileAt(`${prefix}recording.mp4`),
      }));
      expect((await ask(meetingId, 'recording/status')).body.recording).toMatchObject(expected);
      expect((await entries(meetingId))[0]).toMatchObject(expected);
      const message = await waitFor(
        () =>
          receiver.deliveries.find(
            ({ message }) => message.recordingId === id && message.type === 'recording.completed',
          )?.message,
        { what: 'the backend to be told' },
      );
      expect(message.recording).toMatchObject(expected);
      await using meetrec = await openRecordings({
        mongodbUri: uri,
        namespace: NAMESPACE,
        streamKeySecret: STREAM_KEY_SECRET,
        apiUrl: 'https://recordings.example.com',
        kubeconfig: world.kubeconfig,
        signal: AbortSignal.timeout(60_000),
      });
      const { recording } = await meetrec.getRecordingStatus({ meetingId, userId: 'host-1' });
      expect(recording).toMatchObject(expected);
    },
  );

  it('is not known while it is active', async () => {
    const id = await started('active');
    await world.setStatus(id, { phase: 'Recording', ...told('Unknown') });
    await until('active', 'recording');
    const { recording } = (await ask('active', 'recording/status')).body;
    expect(recording).toMatchObject({ complete: null, missingSeconds: null });
  });

  it('is not known of a recording from before, which is read all the same', async () => {
    let key = '';
    const id = await recorded('before', async (_folder, name) => {
      key = `recordings/before/${name}.mp4`;
      await put(key, 'media');
      return { ...told('True'), missingSeconds: 0, file: fileAt(key) };
    });
    await using database = new Database({ uri, onError: () => undefined });
    await database.connect(AbortSignal.timeout(30_000));
    const unknown = { complete: 1, missingSeconds: 1, manifest: 1, folder: 1 } as const;
    await database.recordings.updateOne({ _id: id }, { $unset: unknown, $set: { files: [] } });
    await database.meetings.updateOne(
      { _id: 'before' },
      { $unset: { 'recording.complete': 1, 'recording.missingSeconds': 1 } },
    );
    const expected = { complete: null, missingSeconds: null, fileKey: key };
    expect((await entries('before'))[0]).toMatchObject({ ...expected, takes: 1 });
    expect((await ask('before', 'recording/status')).body.recording).toMatchObject(expected);
    expect((await ask('before', 'recording/download')).body).toMatchObject({ takes: 1, format: 'mp4' });
  });
});

describe('a download', () => {
  it('of a journal that no file could be made of has its own name and type', async () => {
    const id = await recorded('journal', async ({ prefix }) => {
      await put(`${prefix}recording.flv`, 'media');
      return { ...told('False'), file: fileAt(`${prefix}recording.flv`, 'flv') };
    });
    const { body } = await ask('journal', 'recording/download');
    expect(body).toMatchObject({ format: 'flv', fileName: `journal-${id}.flv` });
    const file = await fetch(String(body['url']));
    expect(file.headers.get('content-type')).toBe('video/x-flv');
    expect(file.headers.get('content-disposition')).toContain(`filename="journal-${id}.flv"`);
    expect(await file.text()).toBe('media');
  });

  it('goes by the manifest: of 40 takes of which the status knows 3, each can be had', async () => {
    const keys = await manyTakes('many', { takes: 40, known: 3 });
    for (const take of [1, 4, 40]) {
      const { body } = await ask('many', `recording/download?take=${take}`);
      expect(body).toMatchObject({ takes: 40, format: 'mp4', sizeBytes: 5 });
      expect(new URL(String(body['url'])).pathname).toBe(`/${BUCKET}/${keys[take - 1]}`);
      expect(await (await fetch(String(body['url']))).text()).toBe('media');
    }
    expect((await ask('many', 'recording/download?take=41')).body).toMatchObject({ code: 'not-available' });
  });

  const elsewhere = (made: Manifest): Manifest => ({
    ...made,
    files: made.files.map((file) => ({ ...file, key: 'recordings/secret/rec/recording.mp4' })),
  });
  it.each([
    ['hostile', elsewhere],
    ['later', (made: Manifest) => ({ ...made, version: 2 })],
    ['broken', () => 'no manifest'],
  ] as const)('of a recording whose manifest is %s goes by the status', async (meetingId, manifest) => {
    await put('recordings/secret/rec/recording.mp4', 'secret');
    const keys = await manyTakes(meetingId, { takes: 5, known: 2, manifest });
    for (const take of [1, 2]) {
      const { body } = await ask(meetingId, `recording/download?take=${take}`);
      expect(body['takes']).toBe(2);
      expect(new URL(String(body['url'])).pathname).toBe(`/${BUCKET}/${keys[take - 1]}`);
    }
    expect((await ask(meetingId, 'recording/download?take=3')).body).toMatchObject({ code: 'not-available' });
  });
});

describe('retention', () => {
  it('removes every take that the manifest lists, and the manifest, and nothing else', async () => {
    const other = 'recordings/expired/rec-ba9876543210/recording.mp4';
    await put(other, 'other');
    const completedAt = new Date(Date.now() - DAYS_31_MS).toISOString();
    await manyTakes('expired', { takes: 40, known: 3, completedAt });
    await waitFor(async () => (await entries('expired'))[0]?.['deletedAt'], {
      what: 'the files to be removed',
    });
    expect(await keysIn('recordings/expired/')).toEqual([other]);
  });
});
