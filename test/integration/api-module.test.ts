import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecordings } from '../../operator/bin/recordings.ts';
import type { RecordingModule } from '../../operator/bin/recordings.ts';
import { waitFor } from '../support/wait-for.ts';
import { ApiWorld, BUCKET, call, NAMESPACE, STREAM_KEY_SECRET, tokenOf } from './api-world.ts';
import type { RunningApi } from './api-world.ts';

const resources = new AsyncDisposableStack();
let world: ApiWorld;
let api: RunningApi;
let meetrec: RecordingModule;

beforeAll(async () => {
  world = resources.use(await ApiWorld.start());
  const mongodbUri = world.databaseUri();
  api = resources.use(await world.startApi(world.environment(mongodbUri)));
  meetrec = resources.use(
    await openRecordings({
      mongodbUri,
      namespace: NAMESPACE,
      streamKeySecret: STREAM_KEY_SECRET,
      apiUrl: 'https://recordings.example.com',
      kubeconfig: world.kubeconfig,
      storage: { endpoint: world.s3.endpoint, forcePathStyle: true },
      signal: AbortSignal.timeout(60_000),
    }),
  );
}, 120_000);

afterAll(() => resources.disposeAsync());

describe('a backend that records in its own process', () => {
  it('does what the API does, on the same meetings', async () => {
    const who = { meetingId: 'module', userId: 'host-1' };
    await meetrec.registerMeeting({
      meetingId: who.meetingId,
      host: 'host-1',
      creator: 'host-1',
      participants: [],
      source: { kind: 'agora', channel: 'standup', region: 'eu' },
      enabled: true,
      autoStart: false,
    });
    const started = await meetrec.startRecording({ ...who, options: { fps: 25 }, idempotencyKey: 'one' });
    const recordingId = String(started.recording.recordingId);
    expect((await world.object(recordingId)).spec.output.fps).toBe(25);
    const token = await tokenOf('host-1');
    const url = `${api.base}/meetings/module/recording`;
    const told = await call('GET', `${url}/status`, { token });
    expect(told.body.recording).toMatchObject({ status: 'starting', recordingId });
    await expect(meetrec.startRecording(who)).rejects.toMatchObject({ code: 'already-recording' });
    await expect(meetrec.startRecording({ ...who, userId: 'stranger' })).rejects.toMatchObject({
      code: 'not-host',
    });
    await world.setStatus(recordingId, { phase: 'Recording', durationSeconds: 7 });
    expect(await meetrec.getRecordingStatus(who)).toMatchObject({
      recording: { status: 'recording' },
      live: { phase: 'Recording', durationSeconds: 7 },
    });
    await expect(meetrec.getRecordingUrl(who)).rejects.toMatchObject({ code: 'not-available' });
    expect((await meetrec.stopRecording(who)).recording.status).toBe('stopping');

    const folder = await world.folder(recordingId);
    const key = `${folder.prefix}recording.mp4`;
    await world.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'media' }));
    const file = { bucket: BUCKET, key, url: `s3://${BUCKET}/${key}`, sizeBytes: 5, format: 'mp4' } as const;
    await world.setStatus(recordingId, { phase: 'Completed', reason: 'StopRequested', folder, file });
    // The API beside it follows the object.
    const download = await waitFor(() => meetrec.getRecordingUrl(who).catch(() => undefined), {
      what: 'the file to be available',
    });
    expect(await (await fetch(download.url)).text()).toBe('media');
  });
});
