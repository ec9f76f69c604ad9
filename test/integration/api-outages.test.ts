import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { startProxy } from './api-proxy.ts';
import type { Proxy } from './api-proxy.ts';
import { ApiWorld, call, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

let world: ApiWorld;
let host: string;
let closing: AsyncDisposableStack;
let database: Proxy;
let kubernetes: Proxy;
let env: Record<string, string>;

beforeAll(async () => {
  closing = new AsyncDisposableStack();
  world = closing.use(await ApiWorld.start());
  host = await tokenOf('host-1');
  database = closing.use(await startProxy(Number(new URL(world.mongo.uri).port)));
  kubernetes = closing.use(await startProxy(Number(new URL(world.kube.server).port)));
  const folder = closing.use(await tempDirectory('api-outages'));
  const kubeconfig = join(folder.path, 'kubeconfig');
  const text = await readFile(world.kubeconfig, 'utf8');
  await writeFile(kubeconfig, text.replaceAll(world.kube.server, `https://127.0.0.1:${kubernetes.port}`));
  env = {
    ...world.environment(`mongodb://127.0.0.1:${database.port}/outages`),
    KUBECONFIG: kubeconfig,
    SWEEP_INTERVAL: '1',
    RESYNC_INTERVAL: '1',
  };
}, 120_000);

afterAll(async () => {
  await closing.disposeAsync();
});

async function register(api: RunningApi, meetingId: string): Promise<void> {
  const body = { host: 'host-1', channel: 'standup' };
  const reply = await call('PUT', `${api.base}/meetings/${meetingId}`, { token: await serviceToken(), body });
  expect(reply.status).toBeLessThan(300);
}
const recording = (api: RunningApi, meetingId: string, action: 'start' | 'stop' | 'status'): Promise<Reply> =>
  call(action === 'status' ? 'GET' : 'POST', `${api.base}/meetings/${meetingId}/recording/${action}`, {
    token: host,
  });

async function until(api: RunningApi, meetingId: string, status: string): Promise<Reply> {
  return waitFor(
    async () => {
      // What is written down: the status may be ahead of it.
      const list = await call('GET', `${api.base}/meetings/${meetingId}/recordings`, { token: host });
      const [latest] = list.body['recordings'] as { status: string }[];
      return latest?.status === status && recording(api, meetingId, 'status');
    },
    { what: `${meetingId} to be ${status}` },
  );
}

describe('the database', () => {
  it('may come after the API, which says so until then', async () => {
    await database.cut();
    await using api = await world.startApi(env, { isReady: false });
    expect((await call('GET', `${api.origin}/healthz`)).status).toBe(200);
    const ready = await call('GET', `${api.origin}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ database: 'the database does not answer' });
    const refused = await recording(api, 'late', 'start');
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'database-unavailable' });
    expect(refused.headers.get('retry-after')).toBe('5');
    await database.mend();
    await waitFor(async () => (await fetch(`${api.origin}/readyz`)).ok, { what: 'the API to be ready' });
    await register(api, 'late');
  });

  it('learns afterwards what happened while it was away, also of an object that is gone since', async () => {
    await using api = await world.startApi(env);
    await register(api, 'away');
    const id = String((await recording(api, 'away', 'start')).body.recording?.['recordingId']);
    await world.setStatus(id, { phase: 'Recording' });
    await until(api, 'away', 'recording');
    await database.cut();
    const file = {
      bucket: 'recordings',
      key: 'k.mp4',
      url: 's3://recordings/k.mp4',
      sizeBytes: 7,
      format: 'mp4',
    } as const;
    await world.setStatus(id, { phase: 'Completed', reason: 'PublisherLost', durationSeconds: 5, file });
    await world.remove(id);
    expect((await recording(api, 'away', 'status')).status).toBe(503);
    await database.mend();
    const completed = await until(api, 'away', 'completed');
    expect(completed.body.recording).toMatchObject({
      fileKey: 'k.mp4',
      fileSize: 7,
      duration: 5,
      error: null,
    });
  });
});

describe('a database whose process is killed', () => {
  it('costs lateness only: starts, ends and stops of that time are all there once it is back', async () => {
    const uri = world.databaseUri();
    await using api = await world.startApi({ ...env, MONGODB_URI: uri });
    for (const meetingId of ['k-ends', 'k-stops', 'k-repeats', 'k-lives']) await register(api, meetingId);
    const ids = new Map<string, string>();
    for (const meetingId of ['k-ends', 'k-stops', 'k-lives']) {
      const id = String((await recording(api, meetingId, 'start')).body.recording?.['recordingId']);
      ids.set(meetingId, id);
      await world.setStatus(id, { phase: 'Recording', startedAt: '2026-11-23T10:00:00Z' });
      await until(api, meetingId, 'recording');
    }
    const of = (meetingId: string): string => String(ids.get(meetingId));
    await world.mongo.kill();
    const file = {
      bucket: 'recordings',
      key: 'k',
      url: 's3://recordings/k',
      sizeBytes: 7,
      format: 'mp4',
    } as const;
    await world.setStatus(of('k-ends'), { phase: 'Completed', reason: 'PublisherLost', file });
    // With kubectl, as long as the API can't.
    await world.client.patch(
      { group: 'meetrec.dev', version: 'v1alpha1', plural: 'meetingrecordings', namespaced: true },
      { namespace: 'meetings', name: of('k-stops') },
      { type: 'merge', body: { spec: { desiredState: 'Stopped' } } },
    );
    const start = (): Promise<Reply> =>
      call('POST', `${api.base}/meetings/k-repeats/recording/start`, {
        token: host,
        headers: { 'Idempotency-Key': 'once' },
      });
    for (const refused of [await start(), await recording(api, 'k-lives', 'stop')])
      expect([refused.status, refused.body['code']]).toEqual([503, 'database-unavailable']);

    await world.mongo.restart();
    expect((await until(api, 'k-ends', 'completed')).body.recording).toMatchObject({ fileSize: 7 });
    await until(api, 'k-stops', 'stopping');
    expect((await until(api, 'k-lives', 'recording')).body.recording).toMatchObject({
      recordingId: of('k-lives'),
    });
    const again = await start();
    expect(again.status).toBe(202);
    expect(await world.objectsOf('k-repeats')).toHaveLength(1);
  });
});

describe('the Kubernetes API', () => {
  it('leaves nothing behind of a start that it never heard of', async () => {
    await using api = await world.startApi(env);
    await register(api, 'unheard');
    await kubernetes.cut();
    const refused = await recording(api, 'unheard', 'start');
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'cluster-unavailable' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await kubernetes.mend();
    const status = await recording(api, 'unheard', 'status');
    expect(status.body.recording).toMatchObject({ status: 'idle', recordingId: null });
    expect((await recording(api, 'unheard', 'start')).status).toBe(202);
    expect(await world.objectsOf('unheard')).toHaveLength(1);
  });

  it('hears of a stop later, and the status is told meanwhile', async () => {
    await using api = await world.startApi(env);
    await register(api, 'stopped');
    const id = String((await recording(api, 'stopped', 'start')).body.recording?.['recordingId']);
    await world.setStatus(id, { phase: 'Recording', durationSeconds: 3 });
    await until(api, 'stopped', 'recording');
    await kubernetes.cut();
    const told = await recording(api, 'stopped', 'status');
    expect(told.body).toMatchObject({
      recording: { status: 'recording', duration: 3 },
      live: { phase: 'Recording' },
    });
    const refused = await recording(api, 'stopped', 'stop');
    expect(refused.status).toBe(503);
    expect((await recording(api, 'stopped', 'status')).body.recording).toMatchObject({ status: 'stopping' });
    await kubernetes.mend();
    await waitFor(async () => (await world.object(id)).spec.desiredState === 'Stopped', {
      what: 'the object to be stopped',
    });
  });

  it('tells later of objects that went while nobody was looking', async () => {
    await using api = await world.startApi(env);
    await register(api, 'removed');
    const id = String((await recording(api, 'removed', 'start')).body.recording?.['recordingId']);
    await world.setStatus(id, { phase: 'Recording' });
    await until(api, 'removed', 'recording');
    await api.stop();
    await world.remove(id);
    await using next = await world.startApi(env);
    const failed = await until(next, 'removed', 'failed');
    expect(failed.body.recording).toMatchObject({ recordingId: id });
    expect(failed.body.recording?.['error']).toContain('removed before the recording had ended');
    expect((await recording(next, 'removed', 'start')).status).toBe(202);
  });
});

describe('an object that somebody else made', () => {
  it("is shown by its meeting, but never in a later recording's place", async () => {
    await using api = await world.startApi(env);
    await register(api, 'kubectl');
    const make = (name: string): Promise<unknown> =>
      world.client.create(
        { group: 'meetrec.dev', version: 'v1alpha1', plural: 'meetingrecordings', namespaced: true },
        {
          apiVersion: 'meetrec.dev/v1alpha1',
          kind: 'MeetingRecording',
          metadata: { name, namespace: 'meetings' },
          ...{ spec: { meetingId: 'kubectl', source: { rtmp: {} } } },
        },
      );
    await make('by-hand');
    await world.setStatus('by-hand', { phase: 'Recording' });
    const shown = await until(api, 'kubectl', 'recording');
    expect(shown.body.recording).toMatchObject({ recordingId: 'by-hand' });
    expect((await recording(api, 'kubectl', 'start')).status).toBe(409);
    await world.setStatus('by-hand', { phase: 'Failed', reason: 'NoPublisher' });
    await until(api, 'kubectl', 'failed');
    const later = await recording(api, 'kubectl', 'start');
    expect(later.status).toBe(202);
    await world.setStatus('by-hand', { phase: 'Failed', reason: 'NoPublisher', message: 'once more' });
    await world.remove('by-hand');
    await waitFor(
      async () => {
        const list = await call('GET', `${api.base}/meetings/kubectl/recordings`, { token: host });
        return (list.body['recordings'] as unknown[]).length === 2;
      },
      { what: 'both in the list' },
    );
    const after = await recording(api, 'kubectl', 'status');
    expect(after.body.recording).toMatchObject({
      status: 'starting',
      recordingId: later.body.recording?.['recordingId'],
    });
  });
});
