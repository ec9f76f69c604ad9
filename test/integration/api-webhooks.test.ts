import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../operator/meetings/database.ts';
import { KubernetesRecordingObjects } from '../../operator/meetings/kubernetes-recording-objects.ts';
import { waitFor } from '../support/wait-for.ts';
import { isFromMeetrec, startReceiver } from './api-receiver.ts';
import type { Receiver } from './api-receiver.ts';
import { createReplica } from './api-replica.ts';
import { ApiWorld, call, NAMESPACE, serviceToken, tokenOf } from './api-world.ts';
import type { RunningApi } from './api-world.ts';

const SECRET = 'a-webhook-secret-of-some-length';
let world: ApiWorld;
let host: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  host = await tokenOf('host-1');
}, 120_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const environment = (receiver: Receiver, uri: string): Record<string, string> => ({
  ...world.environment(uri),
  WEBHOOK_URL: receiver.url,
  WEBHOOK_SECRET: SECRET,
});

async function started(api: RunningApi, meetingId: string): Promise<string> {
  const body = { host: 'host-1', channel: 'standup' };
  await call('PUT', `${api.base}/meetings/${meetingId}`, { token: await serviceToken(), body });
  const reply = await call('POST', `${api.base}/meetings/${meetingId}/recording/start`, { token: host });
  return String(reply.body.recording?.['recordingId']);
}

/** Plays a whole recording, one step after the other. */
async function recorded(api: RunningApi, meetingId: string): Promise<string> {
  const id = await started(api, meetingId);
  const startedAt = '2026-11-23T10:00:00Z';
  await world.setStatus(id, { phase: 'Recording', startedAt });
  await world.setStatus(id, { phase: 'Stopping', stoppedAt: '2026-11-23T10:01:00Z' });
  const file = {
    bucket: 'recordings',
    key: 'k.mp4',
    url: 's3://recordings/k.mp4',
    sizeBytes: 7,
    format: 'mp4',
  } as const;
  await world.setStatus(id, { phase: 'Completed', reason: 'StopRequested', durationSeconds: 60, file });
  return id;
}

const typesOf = (receiver: Receiver, id: string): string[] => {
  const acknowledged = receiver.deliveries.filter(
    ({ message, status }) => message.recordingId === id && status === 200,
  );
  return [...new Set(acknowledged.map(({ message }) => message.type))].toSorted();
};
const ALL = ['recording.completed', 'recording.started', 'recording.stopped'];
const arrived = (receiver: Receiver, id: string, types: string[]): Promise<unknown> =>
  waitFor(() => types.every((type) => typesOf(receiver, id).includes(type)), {
    what: `${types.join(', ')} to arrive`,
  });

describe('a webhook', () => {
  it('tells of each step, signed, and of nothing that opens anything', async () => {
    await using receiver = await startReceiver();
    await using api = await world.startApi(environment(receiver, world.databaseUri()));
    const id = await recorded(api, 'told');
    await arrived(receiver, id, ALL);
    expect(typesOf(receiver, id)).toEqual(ALL);
    for (const { body, signature, eventId, message } of receiver.deliveries) {
      expect(isFromMeetrec(SECRET, signature, body)).toBe(true);
      expect(isFromMeetrec('another-secret-of-some-length', signature, body)).toBe(false);
      expect(isFromMeetrec(SECRET, signature, `${body} `)).toBe(false);
      expect(isFromMeetrec(SECRET, signature, body, Date.now() + 301_000)).toBe(false);
      expect(eventId).toBe(message.id);
      expect(body).not.toMatch(/X-Amz|s3:|http|streamKey/);
    }
    const completed = receiver.deliveries.find(({ message }) => message.type === 'recording.completed');
    expect(completed?.message).toMatchObject({
      meetingId: 'told',
      recording: { status: 'completed', reason: 'StopRequested', duration: 60, fileSize: 7, error: null },
    });
  });

  it('tells of a failure', async () => {
    await using receiver = await startReceiver();
    await using api = await world.startApi(environment(receiver, world.databaseUri()));
    const id = await started(api, 'failing');
    await world.setStatus(id, { phase: 'Failed', reason: 'NoPublisher', message: 'nobody came' });
    await arrived(receiver, id, ['recording.failed']);
    expect(typesOf(receiver, id)).toEqual(['recording.failed']);
    const delivery = receiver.deliveries.find(({ message }) => message.recordingId === id);
    expect(delivery?.message.recording).toMatchObject({
      status: 'failed',
      error: 'nobody came',
    });
  });

  it('is repeated, the same by its id, until it is acknowledged', async () => {
    await using receiver = await startReceiver((earlier) => (earlier < 2 ? 500 : 200));
    const uri = world.databaseUri();
    await using database = new Database({ uri, onError: () => undefined });
    await database.connect(AbortSignal.timeout(30_000));
    const failures: number[] = [];
    const replica = createReplica(
      { database, objects: new KubernetesRecordingObjects({ client: world.client, namespace: NAMESPACE }) },
      {
        webhook: {
          url: receiver.url,
          secret: SECRET,
          random: () => 0,
          firstRetryMs: 10,
          pollIntervalMs: 10,
          onFailure: ({ attempts }) => failures.push(attempts),
          onError: (error) => {
            throw error;
          },
        },
      },
    );
    await using api = await world.startApi(world.environment(uri));
    const id = await started(api, 'repeated');
    const object = await world.setStatus(id, { phase: 'Failed', reason: 'NoPublisher' });
    await api.stop();
    await replica.projection.project(object);
    const stop = new AbortController();
    const running = replica.delivery?.run(stop.signal);
    // The API without webhooks may have seen the end first: then there is nothing to tell.
    await database.recordings.updateOne(
      { _id: id },
      { $set: { owed: ['recording.failed'], owing: true, told: [] } },
    );
    await replica.projection.resync([]);
    await arrived(receiver, id, ['recording.failed']);
    stop.abort();
    await running;
    expect(receiver.deliveries.map(({ status }) => status)).toEqual([500, 500, 200]);
    expect(new Set(receiver.deliveries.map(({ message }) => message.id)).size).toBe(1);
    expect(failures).toEqual([1, 2]);
  });

  it('is made although the process died before it could be, and once by two replicas', async () => {
    await using receiver = await startReceiver();
    const uri = world.databaseUri();
    await using api = await world.startApi(world.environment(uri));
    const id = await started(api, 'crashed');
    await api.stop();
    const object = await world.setStatus(id, { phase: 'Recording', startedAt: '2026-11-23T10:00:00Z' });
    await using database = new Database({ uri, onError: () => undefined });
    await database.connect(AbortSignal.timeout(30_000));
    const objects = new KubernetesRecordingObjects({ client: world.client, namespace: NAMESPACE });
    const webhook = {
      url: receiver.url,
      secret: SECRET,
      random: () => 0,
      onFailure: () => undefined,
      onError: () => undefined,
    };
    const { meetings, recordings, webhooks } = database;
    const dead = { create: () => Promise.reject(new Error('the process died')) };
    const dying = createReplica(
      { database: { meetings, recordings, webhooks: dead as unknown as typeof webhooks }, objects },
      { webhook },
    );
    await expect(dying.projection.project(object)).rejects.toThrow('the process died');

    const replicas = [1, 2].map(() => createReplica({ database, objects }, { webhook }));
    await Promise.all(replicas.map(({ projection }) => projection.resync([object])));
    expect(await webhooks.countDocuments({ recordingId: id })).toBe(1);
    for (const { delivery } of replicas) await delivery?.deliverDue(AbortSignal.timeout(30_000));
    for (const { delivery, projection } of replicas) {
      await projection.project(object);
      await delivery?.deliverDue(AbortSignal.timeout(30_000));
    }
    expect(receiver.deliveries.map(({ message }) => message.type)).toEqual(['recording.started']);
  });

  it('reaches a receiver that was away', async () => {
    const uri = world.databaseUri();
    const away = await startReceiver();
    const env = environment(away, uri);
    await away[Symbol.asyncDispose]();
    let id: string;
    {
      await using api = await world.startApi(env);
      id = await recorded(api, 'away');
      await waitFor(
        async () => {
          const reply = await call('GET', `${api.base}/meetings/away/recording/status`, { token: host });
          return reply.body.recording?.['status'] === 'completed';
        },
        { what: 'the recording to be completed' },
      );
    }
    await using receiver = await startReceiver();
    await using _api = await world.startApi(environment(receiver, uri));
    await arrived(receiver, id, ['recording.completed']);
  });
});
