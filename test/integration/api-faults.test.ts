import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import type { Recordings } from '../../operator/meetings/create-recordings.ts';
import { advance } from '../../operator/meetings/advance.ts';
import { Database } from '../../operator/meetings/database.ts';
import { KubernetesRecordingObjects } from '../../operator/meetings/kubernetes-recording-objects.ts';
import { observe } from '../../operator/meetings/observation.ts';
import { ObjectsUnavailableError } from '../../operator/meetings/recording-objects.ts';
import type { RecordingObjects } from '../../operator/meetings/recording-objects.ts';
import { RECORDING_DEFAULTS, requestedRecording } from '../../operator/meetings/recording-request.ts';
import { undone } from '../../operator/meetings/recording-store.ts';
import { storedView } from '../../operator/meetings/view.ts';
import { createReplica } from './api-replica.ts';
import type { ReplicaOptions } from './api-replica.ts';
import { shuffled } from './api-shuffle.ts';
import { ApiWorld, NAMESPACE } from './api-world.ts';

let world: ApiWorld;
let database: Database;
let objects: RecordingObjects;
let meetingId: string;
let count = 0;

beforeAll(async () => {
  world = await ApiWorld.start();
  database = new Database({ uri: world.databaseUri(), onError: () => undefined });
  await database.connect(AbortSignal.timeout(30_000));
  objects = new KubernetesRecordingObjects({ client: world.client, namespace: NAMESPACE });
}, 120_000);

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

beforeEach(async () => {
  count += 1;
  meetingId = `faulty-${count}`;
  await replica().registry.register({
    meetingId,
    host: 'host-1',
    creator: 'host-1',
    participants: [],
    source: { kind: 'agora', channel: 'standup', region: 'eu' },
    enabled: true,
    autoStart: false,
  });
});

/** A replica of the API, without its HTTP. */
const replica = (options: ReplicaOptions = {}): Recordings => createReplica({ database, objects }, options);

const host = (): { meetingId: string; userId: string } => ({ meetingId, userId: 'host-1' });
const view = async () => storedView(await replica().store.meeting(meetingId));
const doubt = () => new ObjectsUnavailableError('no answer', { isInDoubt: true });

/** The start of a process that dies as soon as it has asked for the object. */
async function startAndDie(): Promise<void> {
  const asked = Promise.withResolvers<undefined>();
  const dying = replica({
    faults: {
      create: () => {
        asked.resolve(undefined);
        return new Promise(() => undefined);
      },
    },
  });
  void dying.service.startRecording(host()).catch(() => undefined);
  await asked.promise;
}

describe('a start that was cut off', () => {
  it('before the object was made is finished by the sweep, once', async () => {
    await startAndDie();
    const { recordingId } = await view();
    expect(await world.objectsOf(meetingId)).toHaveLength(0);
    await expect(replica().service.startRecording(host())).rejects.toMatchObject({
      code: 'already-recording',
      recording: { status: 'starting', recordingId },
    });
    await Promise.all([replica().sweep.run(), replica().sweep.run()]);
    await replica().sweep.run();
    expect((await world.objectsOf(meetingId)).map(({ metadata }) => metadata.name)).toEqual([recordingId]);
    expect(await view()).toMatchObject({ status: 'starting', recordingId });
  });

  it('after the object was made is noticed by the sweep', async () => {
    const mute = replica({
      faults: {
        create: async (object) => {
          await objects.create(object);
          throw doubt();
        },
      },
    });
    await expect(mute.service.startRecording(host())).rejects.toMatchObject({ code: 'cluster-unavailable' });
    await replica().sweep.run();
    const { recordingId } = await view();
    expect((await replica().store.find(String(recordingId)))?.uid).toBe(
      (await world.objectsOf(meetingId))[0]?.metadata.uid,
    );
  });

  it('before the meeting knew of it is finished by the sweep', async () => {
    const { store } = replica();
    const record = requestedRecording({
      recordingId: `rec-cut-off-${count}`,
      meeting: await store.meeting(meetingId),
      userId: 'host-1',
      options: {},
      defaults: RECORDING_DEFAULTS,
      idempotencyKey: undefined,
      cluster: 'default',
      now: new Date(),
    });
    expect(await store.add(record)).toBe(true);
    await expect(replica().service.startRecording(host())).rejects.toMatchObject({
      code: 'already-recording',
    });
    await replica().sweep.run();
    expect(await view()).toMatchObject({ status: 'starting', recordingId: record._id });
    expect(await world.objectsOf(meetingId)).toHaveLength(1);
  });

  it('is finished by the client that repeats it with its key', async () => {
    const mute = replica({ faults: { create: () => Promise.reject(doubt()) } });
    const request = { ...host(), idempotencyKey: 'once' };
    await expect(mute.service.startRecording(request)).rejects.toMatchObject({ code: 'cluster-unavailable' });
    const { recording } = await replica().service.startRecording(request);
    expect(recording).toMatchObject({ status: 'starting', recordingId: (await view()).recordingId });
    expect(await world.objectsOf(meetingId)).toHaveLength(1);
  });

  it('and stopped meanwhile is not started any more', async () => {
    await startAndDie();
    const stopped = await replica().service.stopRecording(host());
    expect(stopped.recording.status).toBe('stopping');
    await replica().sweep.run();
    expect(await view()).toMatchObject({ status: 'failed', error: 'Stopped before it had started.' });
    expect(await world.objectsOf(meetingId)).toHaveLength(0);
    await replica().service.startRecording(host());
    expect(await world.objectsOf(meetingId)).toHaveLength(1);
  });

  it('is stopped as soon as it gets through, when the stop came in between', async () => {
    const stopsFirst = replica({
      faults: {
        create: async (object) => {
          await replica().service.stopRecording(host());
          return objects.create(object);
        },
      },
    });
    await stopsFirst.service.startRecording(host());
    expect((await world.objectsOf(meetingId))[0]?.spec.desiredState).toBe('Stopped');
    expect(await view()).toMatchObject({ status: 'stopping' });
  });

  it('fails when nobody can want it any more', async () => {
    await startAndDie();
    await replica({ giveUpMs: 0 }).sweep.run();
    expect(await view()).toMatchObject({ status: 'failed' });
    expect((await view()).error).toContain('could not be started in time');
    expect((await replica().service.startRecording(host())).recording.status).toBe('starting');
  });

  it('shows the recording before it again once it is taken back, also when that was cut off', async () => {
    const { service, store, projection } = replica();
    const first = String((await service.startRecording(host())).recording.recordingId);
    await projection.project(await world.setStatus(first, { phase: 'Failed', reason: 'NoPublisher' }));
    await startAndDie();
    const { recordingId: second } = await view();
    expect(second).not.toBe(first);
    await store.change(String(second), (record) => record && undone(record));
    await replica().sweep.run();
    expect(await view()).toMatchObject({ status: 'failed', recordingId: first, error: 'NoPublisher' });
    expect(await store.find(String(second))).toBeUndefined();
  });
});

describe('a stop that was cut off', () => {
  it('before the object was told is finished by the sweep', async () => {
    await replica().service.startRecording(host());
    const mute = replica({ faults: { stop: () => Promise.reject(doubt()) } });
    await expect(mute.service.stopRecording(host())).rejects.toMatchObject({ code: 'cluster-unavailable' });
    expect(await view()).toMatchObject({ status: 'stopping' });
    expect((await world.objectsOf(meetingId))[0]?.spec.desiredState).toBe('Recording');
    await replica().sweep.run();
    expect((await world.objectsOf(meetingId))[0]?.spec.desiredState).toBe('Stopped');
  });
});

describe('the projection', () => {
  const RANKS = ['idle', 'starting', 'recording', 'stopping', 'completed'];

  async function life(recordingId: string): Promise<MeetingRecording[]> {
    const file = { bucket: 'b', key: 'k', url: 's3://b/k', sizeBytes: 1, format: 'mp4' } as const;
    return [
      await world.object(recordingId),
      await world.setStatus(recordingId, { phase: 'Pending' }),
      await world.setStatus(recordingId, { phase: 'Starting' }),
      await world.setStatus(recordingId, { phase: 'Recording', durationSeconds: 1 }),
      await world.setStatus(recordingId, { phase: 'Recording', durationSeconds: 2 }),
      await world.setStatus(recordingId, { phase: 'Stopping', durationSeconds: 3 }),
      await world.setStatus(recordingId, { phase: 'Completed', durationSeconds: 4, file }),
    ];
  }

  it('ends the same, and never goes backwards, in whatever order two replicas see things', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { recording } = await replica().service.startRecording(host());
      const id = String(recording.recordingId);
      const seen = shuffled([...(await life(id)), ...(await life(id))], round + 1);
      const replicas = [replica(), replica()];
      let rank = 0;
      for (const [index, object] of seen.entries()) {
        await replicas[index % 2]?.projection.project(object);
        const { status, recordingId } = await view();
        expect(recordingId).toBe(id);
        expect(RANKS.indexOf(status)).toBeGreaterThanOrEqual(rank);
        rank = RANKS.indexOf(status);
      }
      expect(await view()).toMatchObject({ status: 'completed', duration: 4, fileKey: 'k', fileSize: 1 });
    }
  });

  it('does not let an older recording show in place of a newer one', async () => {
    const { service, projection } = replica();
    const older = String((await service.startRecording(host())).recording.recordingId);
    const oldLife = await life(older);
    for (const object of oldLife) await projection.project(object);
    const newer = String((await service.startRecording(host())).recording.recordingId);
    for (const object of oldLife) await projection.project(object);
    expect(await view()).toMatchObject({ recordingId: newer, status: 'starting', fileKey: null });
  });

  it('fails a recording whose object is gone, and takes that back when the object says more', async () => {
    const { service, projection } = replica();
    const id = String((await service.startRecording(host())).recording.recordingId);
    const objectsOfLife = await life(id);
    const seen = objectsOfLife[3] ?? (await world.object(id));
    await projection.project(seen);
    await projection.projectAbsenceOf(seen);
    // It is there: a look at the API server came before the verdict.
    expect(await view()).toMatchObject({ status: 'completed' });

    const next = String((await service.startRecording(host())).recording.recordingId);
    const lastSeen = await world.setStatus(next, { phase: 'Completed', durationSeconds: 9 });
    await world.remove(next);
    await projection.resync([]);
    expect(await view()).toMatchObject({ recordingId: next, status: 'failed' });
    await projection.project(lastSeen);
    expect(await view()).toMatchObject({ recordingId: next, status: 'completed', duration: 9, error: null });
  });

  it('is finished for a meeting that was not told, although the object is gone since', async () => {
    const { service, store, projection } = replica();
    const id = String((await service.startRecording(host())).recording.recordingId);
    const [last] = (await life(id)).slice(-1);
    const seen = last && observe(last);
    await store.change(id, (record) => seen && advance(record, seen, 'default'));
    await world.remove(id);
    expect(await view()).toMatchObject({ status: 'starting' });
    await projection.resync([]);
    expect(await view()).toMatchObject({ status: 'completed', recordingId: id, duration: 4 });
  });

  it("leaves another cluster's recordings alone", async () => {
    const { service, store, projection } = replica();
    const id = String((await service.startRecording(host())).recording.recordingId);
    await store.change(
      id,
      (record) => record && { ...record, cluster: 'elsewhere', revision: record.revision + 1 },
    );
    await world.remove(id);
    await projection.resync([]);
    expect(await view()).toMatchObject({ status: 'starting', recordingId: id });
    await store.change(
      id,
      (record) => record && { ...record, cluster: 'default', revision: record.revision + 1 },
    );
    await projection.resync([]);
    expect(await view()).toMatchObject({ status: 'failed', recordingId: id });
  });
});
