import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recordings } from '../../operator/meetings/create-recordings.ts';
import { Database } from '../../operator/meetings/database.ts';
import { KubernetesRecordingObjects } from '../../operator/meetings/kubernetes-recording-objects.ts';
import type { RecordingSubdocument } from '../../operator/meetings/meeting.ts';
import { storedView } from '../../operator/meetings/view.ts';
import { startChild, whileAlive } from '../support/child-process.ts';
import type { Child } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { createReplica } from './api-replica.ts';
import { ApiWorld, NAMESPACE, tokenOf } from './api-world.ts';

const PRELOAD = fileURLToPath(new URL('api-crash-support/preload.ts', import.meta.url));

let world: ApiWorld;
let databaseUri: string;
let database: Database;
/** What another process does with the same database and cluster. */
let replica: Recordings;
let count = 0;

beforeAll(async () => {
  world = await ApiWorld.start();
  databaseUri = world.databaseUri();
  database = new Database({ uri: databaseUri, onError: () => undefined });
  await database.connect(AbortSignal.timeout(30_000));
  const objects = new KubernetesRecordingObjects({ client: world.client, namespace: NAMESPACE });
  replica = createReplica({ database, objects }, {});
}, 120_000);

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function registered(): Promise<string> {
  count += 1;
  const meetingId = `doomed-meeting-${count}`;
  await replica.registry.register({
    meetingId,
    host: 'host-1',
    creator: 'host-1',
    participants: [],
    source: { kind: 'agora', channel: 'standup', region: 'eu' },
    enabled: true,
    autoStart: false,
  });
  return meetingId;
}

const request = (meetingId: string) => ({ meetingId, userId: 'host-1', idempotencyKey: 'the-one' });
const view = async (meetingId: string): Promise<RecordingSubdocument> =>
  storedView(await replica.store.meeting(meetingId));

/** Has a real API process die at this point of a start, or of the stop of this recording. */
async function dieAt(point: string, meetingId: string, stopped?: string): Promise<void> {
  const port = await freePort();
  const env = {
    ...world.environment(databaseUri),
    HTTP_PORT: String(port),
    CRASH_AT: point,
    CRASH_ABOUT: stopped !== undefined && point.startsWith('kube.') ? stopped : meetingId,
  };
  const program = ['--import', PRELOAD, 'operator/bin/api.ts'];
  await using api: Child = await startChild({
    name: 'the API',
    command: process.execPath,
    args: program,
    env,
  });
  const origin = `http://127.0.0.1:${port}`;
  await whileAlive(api, 'the API', (signal) =>
    waitFor(async () => (await fetch(`${origin}/readyz`)).ok, {
      what: 'the API to be ready',
      timeoutMs: 60_000,
      signal,
    }),
  );
  const url = `${origin}/api/v1/meetings/${meetingId}/recording/${stopped === undefined ? 'start' : 'stop'}`;
  const headers = { Authorization: `Bearer ${await tokenOf('host-1')}`, 'Idempotency-Key': 'the-one' };
  await expect(fetch(url, { method: 'POST', headers })).rejects.toThrow('fetch failed');
  expect(await api.exited).toBe('SIGKILL');
}

/** What the next process does before anything else. */
async function recover(meetingId: string): Promise<void> {
  await replica.sweep.run();
  await replica.projection.resync(await world.objectsOf(meetingId));
}

describe('an API process that is killed while it starts a recording', () => {
  it('before anything is written leaves nothing', async () => {
    const meetingId = await registered();
    await dieAt('recordings.insertOne before', meetingId);
    await recover(meetingId);
    expect(await view(meetingId)).toMatchObject({ status: 'idle', recordingId: null });
    expect(await world.objectsOf(meetingId)).toHaveLength(0);
    const { recording } = await replica.service.startRecording(request(meetingId));
    const objects = await world.objectsOf(meetingId);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual([recording.recordingId]);
  });

  it.each([
    'meetings.findOneAndUpdate before',
    'kube.create before',
    'kube.create after',
    'recordings.updateOne after',
  ])('at %s has started it, once, when the next one has swept', async (point) => {
    const meetingId = await registered();
    await dieAt(point, meetingId);
    await recover(meetingId);
    const shown = await view(meetingId);
    expect(shown.status).toBe('starting');
    const names = async (): Promise<string[]> =>
      (await world.objectsOf(meetingId)).map(({ metadata }) => metadata.name);
    expect(await names()).toEqual([shown.recordingId]);
    // The client that was not answered asks again.
    const again = await replica.service.startRecording(request(meetingId));
    expect(again.recording.recordingId).toBe(shown.recordingId);
    expect(await names()).toEqual([shown.recordingId]);
  });
});

describe('an API process that is killed while it stops a recording', () => {
  it('before anything is written has stopped nothing', async () => {
    const meetingId = await registered();
    const { recording } = await replica.service.startRecording(request(meetingId));
    await dieAt('recordings.updateOne before', meetingId, String(recording.recordingId));
    await recover(meetingId);
    expect((await world.objectsOf(meetingId))[0]?.spec.desiredState).toBe('Recording');
    await replica.service.stopRecording(request(meetingId));
    expect((await world.objectsOf(meetingId))[0]?.spec.desiredState).toBe('Stopped');
  });

  it.each(['meetings.updateOne before', 'kube.patch before', 'kube.patch after'])(
    'at %s has stopped it when the next one has swept',
    async (point) => {
      const meetingId = await registered();
      const { recording } = await replica.service.startRecording(request(meetingId));
      await dieAt(point, meetingId, String(recording.recordingId));
      await recover(meetingId);
      expect((await world.objectsOf(meetingId))[0]?.spec.desiredState).toBe('Stopped');
      expect(await view(meetingId)).toMatchObject({
        status: 'stopping',
        recordingId: recording.recordingId,
      });
      const again = await replica.service.stopRecording(request(meetingId));
      expect(again.recording.recordingId).toBe(recording.recordingId);
    },
  );
});
