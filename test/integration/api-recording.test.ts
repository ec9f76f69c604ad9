import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveStreamKey } from '../../operator/crd/stream-key.ts';
import { ApiWorld, call, serviceToken, STREAM_KEY_SECRET, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';
import { waitFor } from '../support/wait-for.ts';

let world: ApiWorld;
let api: RunningApi;
let host: string;
let service: string;
let databaseUri: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  databaseUri = world.databaseUri();
  api = await world.startApi(world.environment(databaseUri));
  host = await tokenOf('host-1');
  service = await serviceToken();
}, 120_000);

afterAll(async () => {
  await api.stop();
  await world[Symbol.asyncDispose]();
});

const register = (meetingId: string, body: Record<string, unknown> = {}): Promise<Reply> =>
  call('PUT', `${api.base}/meetings/${meetingId}`, {
    token: service,
    body: { host: 'host-1', creator: 'creator-1', participants: ['guest-1'], channel: 'standup', ...body },
  });
const start = (meetingId: string, options: { token?: string; body?: unknown } = {}): Promise<Reply> =>
  call('POST', `${api.base}/meetings/${meetingId}/recording/start`, { token: host, ...options });
const stop = (meetingId: string, token = host): Promise<Reply> =>
  call('POST', `${api.base}/meetings/${meetingId}/recording/stop`, { token });
const status = (meetingId: string, token = host): Promise<Reply> =>
  call('GET', `${api.base}/meetings/${meetingId}/recording/status`, { token });
/** Its status, once the API has seen its object in this phase. */
const until = (meetingId: string, phase: string, token = host): Promise<Reply> =>
  waitFor(
    async () => {
      const reply = await status(meetingId, token);
      return (reply.body['live'] as { phase?: string } | null)?.phase === phase && reply;
    },
    { what: `${meetingId} to be ${phase}` },
  );
const recordingId = (reply: Reply): string => String(reply.body.recording?.['recordingId']);

describe('a meeting that is recorded', () => {
  it('goes from idle to completed, as its object does', async () => {
    const registered = await register('main');
    expect(registered.status).toBe(201);
    expect(registered.body.recording).toEqual({
      enabled: true,
      autoStart: false,
      status: 'idle',
      startedAt: null,
      stoppedAt: null,
      duration: null,
      fileUrl: null,
      fileKey: null,
      fileSize: null,
      format: null,
      resolution: null,
      fps: null,
      bitrate: null,
      error: null,
      complete: null,
      missingSeconds: null,
      recordingId: null,
    });

    const started = await start('main', { body: { fps: 25, maxDuration: 600 } });
    expect(started.status).toBe(202);
    expect(started.body.recording).toMatchObject({
      status: 'starting',
      format: 'mp4',
      resolution: '1280x720',
      fps: 25,
      bitrate: 2000,
    });
    expect(started.body['ingest']).toBeUndefined();
    const id = recordingId(started);
    expect(id).toMatch(/^rec-[0-9a-hjkmnp-tv-z]{8}$/);
    const object = await world.object(id);
    expect(object.spec).toMatchObject({
      meetingId: 'main',
      requestedBy: 'host-1',
      source: { agora: { channel: 'standup', region: 'eu' } },
      output: { format: 'mp4', resolution: '1280x720', fps: 25, bitrateKbps: 2000 },
      maxDurationSeconds: 600,
      desiredState: 'Recording',
    });
    expect(object.metadata.labels).toMatchObject({ 'meetrec.dev/meeting': 'main' });

    await world.setStatus(id, { phase: 'Pending', reason: 'WaitingForSlot', queuePosition: 2 });
    expect((await until('main', 'Pending')).body).toMatchObject({
      recording: { status: 'starting' },
      live: { phase: 'Pending', reason: 'WaitingForSlot', queuePosition: 2 },
    });
    await world.setStatus(id, {
      phase: 'Recording',
      reason: 'Receiving',
      startedAt: '2026-11-23T10:00:00Z',
      durationSeconds: 12.5,
    });
    expect((await until('main', 'Recording', await tokenOf('guest-1'))).body).toMatchObject({
      recording: { status: 'recording', startedAt: '2026-11-23T10:00:00.000Z', duration: 12.5 },
      live: { phase: 'Recording', durationSeconds: 12.5 },
    });

    const stopped = await stop('main', await tokenOf('creator-1'));
    expect(stopped.status).toBe(202);
    expect(stopped.body.recording).toMatchObject({ status: 'stopping', recordingId: id });
    const stoppedObject = await world.object(id);
    expect(stoppedObject.spec.desiredState).toBe('Stopped');
    expect(stoppedObject.metadata.annotations).toMatchObject({ 'meetrec.dev/stop-reason': 'StopRequested' });
    expect((await stop('main')).status).toBe(202);

    await world.setStatus(id, {
      phase: 'Completed',
      reason: 'StopRequested',
      stoppedAt: '2026-11-23T10:01:00Z',
      completedAt: '2026-11-23T10:01:02Z',
      durationSeconds: 60.2,
      file: {
        bucket: 'recordings',
        key: `recordings/main/${id}.mp4`,
        url: `s3://recordings/recordings/main/${id}.mp4`,
        sizeBytes: 1234,
        format: 'mp4',
      },
    });
    const completed = await waitFor(
      async () => {
        const reply = await status('main');
        return reply.body.recording?.['status'] === 'completed' && reply;
      },
      { what: 'the meeting to show the end' },
    );
    expect(completed.body).toEqual({
      recording: {
        enabled: true,
        autoStart: false,
        status: 'completed',
        startedAt: '2026-11-23T10:00:00.000Z',
        stoppedAt: '2026-11-23T10:01:00.000Z',
        duration: 60.2,
        fileUrl: `s3://recordings/recordings/main/${id}.mp4`,
        fileKey: `recordings/main/${id}.mp4`,
        fileSize: 1234,
        format: 'mp4',
        resolution: '1280x720',
        fps: 25,
        bitrate: 2000,
        error: null,
        complete: null,
        missingSeconds: null,
        recordingId: id,
      },
      live: null,
    });
  });

  it('can be recorded again, and lists every recording, latest first', async () => {
    await register('again');
    const ids: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const started = await waitFor(
        async () => {
          const reply = await start('again');
          return reply.status === 202 && reply;
        },
        { what: 'the meeting to be at rest' },
      );
      ids.unshift(recordingId(started));
      await world.setStatus(recordingId(started), {
        phase: 'Failed',
        reason: 'NoPublisher',
        message: 'nobody came',
      });
    }
    await waitFor(async () => (await status('again')).body.recording?.['status'] === 'failed', {
      what: 'the last one to fail',
    });
    expect((await status('again')).body.recording).toMatchObject({
      error: 'nobody came',
      recordingId: ids[0],
    });
    const list = await call('GET', `${api.base}/meetings/again/recordings?limit=2`, { token: host });
    expect(list.status).toBe(200);
    expect(list.body['recordings']).toMatchObject([{ recordingId: ids[0] }, { recordingId: ids[1] }]);
    const rest = await call(
      'GET',
      `${api.base}/meetings/again/recordings?after=${String(list.body['next'])}`,
      {
        token: host,
      },
    );
    expect(rest.body).toMatchObject({
      recordings: [{ recordingId: ids[2], reason: 'NoPublisher' }],
      next: null,
    });
  });

  it('gives whoever starts a meeting outside Agora the stream key, and later the address', async () => {
    await register('obs', { channel: undefined, source: { kind: 'rtmp' } });
    const started = await start('obs');
    const object = await world.object(recordingId(started));
    expect(object.spec.source).toEqual({ rtmp: {} });
    expect(started.body['ingest']).toEqual({
      streamKey: deriveStreamKey(STREAM_KEY_SECRET, object.metadata.uid),
    });
    expect(started.headers.get('cache-control')).toBe('no-store');
    await world.setStatus(recordingId(started), {
      phase: 'Starting',
      ingest: { url: 'rtmp://10.0.0.7:1935/live' },
    });
    expect((await until('obs', 'Starting')).body['live']).toMatchObject({
      ingestUrl: 'rtmp://10.0.0.7:1935/live',
    });
    expect((await status('obs', await tokenOf('guest-1'))).body['live']).toMatchObject({ ingestUrl: null });
  });

  it('is answered with the same recording when the start is repeated with its key', async () => {
    await register('repeat');
    const headers = { 'Idempotency-Key': 'a-1' };
    const url = `${api.base}/meetings/repeat/recording/start`;
    const first = await call('POST', url, { token: host, headers });
    const second = await call('POST', url, { token: host, headers });
    expect(second.status).toBe(202);
    expect(recordingId(second)).toBe(recordingId(first));
    expect((await call('POST', url, { token: host, headers: { 'Idempotency-Key': 'a-2' } })).status).toBe(
      409,
    );
  });

  it('is not started with other options under a key that came before, also when both come at once', async () => {
    await register('reused');
    const url = `${api.base}/meetings/reused/recording/start`;
    const ask = (body: object): Promise<Reply> =>
      call('POST', url, { token: host, headers: { 'Idempotency-Key': 'b-1' }, body });
    const replies = await Promise.all([ask({ fps: 25 }), ask({ fps: 25 }), ask({ fps: 15 })]);
    const codes = replies.map(({ status, body }) => [status, body['code']]);
    expect(await world.objectsOf('reused')).toHaveLength(1);
    const [object] = await world.objectsOf('reused');
    const refused = object?.spec.output.fps === 25 ? [2] : [0, 1];
    for (const [index, code] of codes.entries())
      expect(code).toEqual(refused.includes(index) ? [422, 'idempotency-key-reused'] : [202, undefined]);
    // Not even when it says in other words what is the default.
    expect((await ask({})).body).toMatchObject({ code: 'idempotency-key-reused' });
    const other = { token: await tokenOf('creator-1'), headers: { 'Idempotency-Key': 'b-1' }, body: {} };
    expect((await call('POST', url, other)).body).toMatchObject({ code: 'already-recording' });
  });

  it('is stopped once by a stop that is repeated with its key, which leaves the next recording alone', async () => {
    await register('stops');
    const stopWith = (key: string, token = host): Promise<Reply> =>
      call('POST', `${api.base}/meetings/stops/recording/stop`, {
        token,
        headers: { 'Idempotency-Key': key },
      });
    const first = recordingId(await start('stops'));
    const creator = await tokenOf('creator-1');
    expect((await stopWith('s-1')).status).toBe(202);
    expect((await stopWith('s-2', creator)).status).toBe(202);
    await world.setStatus(first, { phase: 'Failed', reason: 'NoPublisher', message: 'nobody came' });
    const next = await waitFor(
      async () => {
        const reply = await start('stops');
        return reply.status === 202 && reply;
      },
      { what: 'the meeting to be at rest' },
    );
    const second = recordingId(next);
    for (const [key, token] of [
      ['s-1', host],
      ['s-2', creator],
    ] as const) {
      const again = await stopWith(key, token);
      expect([again.status, again.body.recording?.['recordingId']]).toEqual([202, first]);
    }
    expect((await world.object(second)).spec.desiredState).toBe('Recording');
    // Somebody else's key of the same name is another key.
    expect((await stopWith('s-2')).body.recording).toMatchObject({ recordingId: second });
    expect((await world.object(second)).spec.desiredState).toBe('Stopped');
  });

  it('stops when the backend tells that the meeting has ended', async () => {
    await register('ended');
    const id = recordingId(await start('ended'));
    const ended = await call('POST', `${api.base}/meetings/ended/end`, { token: service });
    expect(ended.status).toBe(200);
    expect(ended.body.recording).toMatchObject({ status: 'stopping' });
    const object = await world.object(id);
    expect(object.spec.desiredState).toBe('Stopped');
    expect(object.metadata.annotations).toMatchObject({ 'meetrec.dev/stop-reason': 'MeetingEnded' });
    expect((await call('POST', `${api.base}/meetings/unrecorded/end`, { token: service })).status).toBe(404);
  });

  it('starts exactly once when twenty ask two replicas at the same time', async () => {
    await using replica = await world.startApi(world.environment(databaseUri));
    await register('race');
    const bases = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? api.base : replica.base));
    const replies = await Promise.all(
      bases.map((base) => call('POST', `${base}/meetings/race/recording/start`, { token: host })),
    );
    const winners = replies.filter((reply) => reply.status === 202);
    expect(winners).toHaveLength(1);
    expect(replies.filter((reply) => reply.status === 409)).toHaveLength(19);
    const [winner] = winners;
    for (const reply of replies)
      expect(reply.body.recording?.['recordingId']).toBe(winner && recordingId(winner));
    expect(await world.objectsOf('race')).toHaveLength(1);
  });
});
