import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import { API_VERSION, KIND } from '../../operator/crd/names.ts';
import { Database } from '../../operator/meetings/database.ts';
import {
  KubernetesRecordingObjects,
  MEETING_RECORDINGS,
} from '../../operator/meetings/kubernetes-recording-objects.ts';
import { seededRandom } from '../../operator/runtime/testing/random.ts';
import { shortUid } from '../../recorder-image/contract/key-template.ts';
import { createReplica } from './api-replica.ts';
import { ApiWorld, NAMESPACE } from './api-world.ts';

const ROUNDS = 10;

let world: ApiWorld;
let database: Database;
const replica = () =>
  createReplica(
    { database, objects: new KubernetesRecordingObjects({ client: world.client, namespace: NAMESPACE }) },
    {},
  );

beforeAll(async () => {
  world = await ApiWorld.start();
  database = new Database({ uri: world.databaseUri(), onError: () => undefined });
  await database.connect(AbortSignal.timeout(30_000));
}, 120_000);
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

/** An object that somebody applies; every state of its life, the last one being that it is over. */
async function life(name: string, meetingId: string): Promise<MeetingRecording[]> {
  const made = await world.client.create<MeetingRecording>(MEETING_RECORDINGS, {
    ...{ apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace: NAMESPACE } },
    spec: { meetingId, source: { rtmp: {} } },
  } as never);
  const recording = await world.setStatus(name, { phase: 'Recording', startedAt: '2026-11-23T10:00:00Z' });
  const over = await world.setStatus(name, { phase: 'Completed', durationSeconds: 7 });
  await world.remove(name);
  return [made, recording, over];
}

describe('objects that have one name after another', () => {
  it('are each a recording of its own, whoever sees what of them when', async () => {
    const random = seededRandom(7);
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `again-${round}`;
      const lives = [];
      for (const meetingId of ['m-1', 'm-2', 'm-1']) lives.push(await life(name, meetingId));
      // Late, twice, in any order, and at the same time by two replicas.
      const sights = [...lives.flat(), ...lives.flat()];
      const shuffled = sights.map((sight) => ({ sight, at: random() })).toSorted((a, b) => a.at - b.at);
      const replicas = [replica(), replica()];
      await Promise.all(
        replicas.map(async ({ projection }, which) => {
          for (const [index, { sight }] of shuffled.entries())
            if (index % 2 === which) await projection.project(sight);
        }),
      );
      // FerretDB writes in two steps: what overtook it is put right by the next resync.
      for (const each of lives) await replicas[0]?.projection.project(each.at(-1) as MeetingRecording);
      const records = await database.recordings.find({ _id: { $regex: `^${name}(~|$)` } }).lean();
      expect(records).toHaveLength(lives.length);
      expect(new Set(records.map(({ uid }) => uid))).toEqual(
        new Set(lives.map(([object]) => object?.metadata.uid)),
      );
      for (const record of records) {
        const [object] = lives.find(([made]) => made?.metadata.uid === record.uid) ?? [];
        expect(record).toMatchObject({ meetingId: object?.spec.meetingId, status: 'completed', duration: 7 });
        expect([name, `${name}~${shortUid(record.uid ?? '')}`]).toContain(record._id);
      }
      expect(records.filter(({ _id }) => _id === name)).toHaveLength(1);
    }
  }, 180_000);

  it('leave a recording of before as it is: its id, its meeting, its file and its hold', async () => {
    const [, , over] = await life('before', 'm-1');
    await replica().projection.project(over as MeetingRecording);
    // As the version before has written it.
    await database.recordings.updateOne(
      { _id: 'before' },
      { $unset: { folder: 1 }, $set: { legalHold: true, fileKey: 'recordings/m-1/before.mp4' } },
    );
    const old = await database.recordings.findOne({ _id: 'before' }).lean();
    const [next] = await life('before', 'm-2');
    const { projection, store } = replica();
    const record = await projection.project(next as MeetingRecording);
    expect(record).toMatchObject({ _id: `before~${shortUid(record.uid ?? '')}`, meetingId: 'm-2' });
    await projection.resync([]);
    expect(await store.find('before')).toEqual(old);
    expect((await store.find(record._id))?.status).toBe('failed');
  });

  it('made in the same second: the meeting shows the one that is listed first, in whatever order they are seen', async () => {
    const { projection, store } = replica();
    const [, , first] = await life('same-second', 'm-tie');
    const [, , second] = await life('same-second', 'm-tie');
    const at = first?.metadata.creationTimestamp ?? '';
    const objects = [first, second].map((object) => ({
      ...(object as MeetingRecording),
      metadata: { ...(object as MeetingRecording).metadata, creationTimestamp: at },
    }));
    for (const order of [objects, objects.toReversed()]) {
      const _id = `m-tie-${order === objects ? 'in-order' : 'reversed'}`;
      await database.meetings.create([{ _id, host: 'host-1', creator: 'host-1', source: { kind: 'rtmp' } }]);
      for (const object of order)
        await projection.project({
          ...object,
          metadata: { ...object.metadata, name: _id },
          spec: { ...object.spec, meetingId: _id },
        });
      const [listed] = await store.ofMeeting(_id, { limit: 1 });
      expect((await store.meeting(_id)).recording.recordingId).toBe(listed?._id);
    }
  });

  it('do not end one another: of one that went unseen, it is known when the next has its name', async () => {
    const { projection, store } = replica();
    const [, recording] = await life('unseen', 'm-1');
    await projection.project(recording as MeetingRecording);
    const made = await world.client.create<MeetingRecording>(MEETING_RECORDINGS, {
      ...{ apiVersion: API_VERSION, kind: KIND, metadata: { name: 'unseen', namespace: NAMESPACE } },
      spec: { meetingId: 'm-1', source: { rtmp: {} } },
    } as never);
    await projection.resync([made]);
    expect(await store.find('unseen')).toMatchObject({ status: 'failed', isLost: true });
    const id = `unseen~${shortUid(made.metadata.uid)}`;
    expect(await store.find(id)).toMatchObject({ status: 'starting', uid: made.metadata.uid });
    await world.remove('unseen');
  });
});
