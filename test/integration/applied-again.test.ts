import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MEETING_RECORDINGS, PODS, ownerUid } from '../../operator/controller/kube-objects.ts';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import { Database } from '../../operator/meetings/database.ts';
import { KubernetesRecordingObjects } from '../../operator/meetings/kubernetes-recording-objects.ts';
import { shortUid } from '../../recorder-image/contract/key-template.ts';
import { waitFor } from '../support/wait-for.ts';
import { ApiWorld, call, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';
import { TestWorld } from './controller-support/world.ts';

const BUCKET = 'test-bucket';
const NAME = 'standup-1';
const DAY_MS = 24 * 60 * 60 * 1000;

describe('the object of the README, applied, deleted and applied again', () => {
  let store: ApiWorld;
  let world: TestWorld;
  let api: RunningApi;
  let database: Database;
  let host: string;
  let service: string;

  beforeAll(async () => {
    store = await ApiWorld.start();
    await store.s3.createBucket(BUCKET);
    [host, service] = [await tokenOf('host-1'), await serviceToken()];
  }, 180_000);
  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const cluster = { api: store.kube, kube: store.client, [Symbol.asyncDispose]: () => Promise.resolve() };
    world = await TestWorld.start(cluster);
    const uri = store.databaseUri();
    database = new Database({ uri, onError: () => undefined });
    await database.connect(AbortSignal.timeout(30_000));
    api = await store.startApi({
      ...store.environment(uri),
      KUBECONFIG: store.kube.kubeconfig,
      RECORDINGS_NAMESPACE: world.namespace,
      S3_BUCKET: BUCKET,
      RECORDING_RETENTION_DAYS: '30',
      RETENTION_INTERVAL: '1',
    });
    await world.startController();
  });
  afterEach(async () => {
    expect(world.kubelet.errors).toEqual([]);
    await api.stop();
    await database[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  const meeting = async (meetingId: string): Promise<string> => {
    const base = `${api.base}/meetings/${meetingId}`;
    await call('PUT', base, { token: service, body: { host: 'host-1', channel: meetingId } });
    return base;
  };
  const entries = async (base: string): Promise<Record<string, unknown>[]> =>
    (await call('GET', `${base}/recordings`, { token: host })).body['recordings'] as Record<
      string,
      unknown
    >[];
  const download = (base: string, recordingId: string): Promise<Reply> =>
    call('GET', `${base}/recording/download?recordingId=${encodeURIComponent(recordingId)}`, { token: host });
  const content = async (reply: Reply): Promise<string> => (await fetch(String(reply.body['url']))).text();

  /** Applies it, and has its recorder store this; the file is as S3 has it when the recording has ended. */
  async function record(meetingId: string, media: string): Promise<MeetingRecording> {
    const source = { agora: { channel: meetingId, region: 'eu' } } as const;
    await world.record(NAME, { meetingId, source });
    await world.untilPhase(NAME, 'Recording');
    const key = world.kubelet.stub(`${NAME}-1`)?.key ?? '';
    await store.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: media }));
    await world.patchSpec(NAME, { desiredState: 'Stopped' });
    return await world.untilPhase(NAME, 'Completed');
  }
  async function remove(): Promise<void> {
    await world.delete(NAME);
    await world.untilGone(NAME);
  }
  const until = async (base: string, count: number): Promise<Record<string, unknown>[]> =>
    await waitFor(
      async () => {
        const found = await entries(base);
        return found.length === count && found.every(({ status }) => status === 'completed') && found;
      },
      { what: `${count} recordings to be listed` },
    );

  it('has two files and two records; a hold on the first stays, and so do its download and its meeting', async () => {
    const base = await meeting('standup');
    const first = await record('standup', 'monday');
    await until(base, 1);
    const held = await call('PUT', `${base}/recordings/${NAME}/legal-hold`, {
      token: service,
      body: { legalHold: true },
    });
    expect(held.status).toBe(200);
    await remove();

    const second = await record('standup', 'tuesday');
    const secondId = `${NAME}~${shortUid(second.metadata.uid)}`;
    const keys = [second, first].map(({ status }) => status?.file?.key);
    expect(keys).toEqual(
      [second, first].map(
        ({ metadata }) => `recordings/standup/${NAME}-${shortUid(metadata.uid)}/recording.mp4`,
      ),
    );
    const [latest, earlier] = await until(base, 2);
    expect(latest).toMatchObject({ recordingId: secondId, fileKey: keys[0], legalHold: false });
    expect(earlier).toMatchObject({ recordingId: NAME, fileKey: keys[1], legalHold: true });
    expect(await content(await download(base, NAME))).toBe('monday');
    expect(await content(await download(base, secondId))).toBe('tuesday');
    // The meeting follows its recordings.
    const shown = async (): Promise<unknown> =>
      (await call('GET', `${base}/recording/download`, { token: host })).body['recordingId'];
    await waitFor(async () => (await shown()) === secondId, { what: 'the meeting to show the second one' });
    await remove();

    // The same name for another meeting takes nothing from this one.
    const retro = await meeting('retro');
    const third = await record('retro', 'wednesday');
    const thirdId = `${NAME}~${shortUid(third.metadata.uid)}`;
    expect(await until(retro, 1)).toMatchObject([{ recordingId: thirdId }]);
    expect(await content(await download(retro, thirdId))).toBe('wednesday');
    expect((await download(retro, NAME)).body).toMatchObject({ code: 'recording-not-found' });
    expect((await entries(base)).map(({ recordingId }) => recordingId)).toEqual([secondId, NAME]);

    // The time of all three is over: what is held stays, and only its own goes with each of the others.
    const longAgo = new Date(Date.now() - 31 * DAY_MS);
    await database.recordings.updateMany({}, { $set: { completedAt: longAgo } });
    for (const [where, id] of [
      [base, secondId],
      [retro, thirdId],
    ] as const)
      await waitFor(async () => (await download(where, id)).body['code'] === 'file-gone', {
        what: `the file of ${id} to be removed`,
      });
    expect(await content(await download(base, NAME))).toBe('monday');
    expect(await database.recordings.countDocuments({})).toBe(3);
  }, 180_000);

  it('is deleted while it records, and applied again at once: the first one’s file is kept, and nothing is shared', async () => {
    const base = await meeting('standup');
    await world.record(NAME, { meetingId: 'standup', source: { agora: { channel: 'standup' } } });
    const first = await world.untilPhase(NAME, 'Recording');
    const firstKey = world.kubelet.stub(`${NAME}-1`)?.key ?? '';
    await store.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: firstKey, Body: 'monday' }));
    await world.delete(NAME);
    await world.untilGone(NAME);
    const second = await record('standup', 'tuesday');
    const [latest, earlier] = await until(base, 2);
    expect(latest).toMatchObject({ fileKey: second.status?.file?.key, reason: 'StopRequested' });
    expect(earlier).toMatchObject({ recordingId: NAME, fileKey: firstKey, reason: 'Deleted' });
    expect(first.metadata.uid).not.toBe(second.metadata.uid);
    expect(await content(await download(base, NAME))).toBe('monday');
  }, 120_000);

  it('whose pod is still there when another object has the name: the pod is waited for, and never taken', async () => {
    const base = await meeting('standup');
    await world.record(NAME, { meetingId: 'standup', source: { rtmp: {} } });
    const first = await world.until(NAME, 'ready', ({ status }) => status?.ingest !== undefined);
    const pod = { namespace: world.namespace, name: `${NAME}-1` };
    const firstPod = await store.client.get(PODS, pod);
    // Somebody takes the object away by force, finalizer and all, while its recorder takes its time.
    await world.killControllers();
    await store.client.patch(PODS, pod, {
      type: 'merge',
      body: { metadata: { finalizers: ['meetrec.dev/result', 'test.dev/slow'] } },
    });
    const ref = { namespace: world.namespace, name: NAME };
    await store.client.patch(MEETING_RECORDINGS, ref, {
      type: 'merge',
      body: { metadata: { finalizers: [] } },
    });
    await world.delete(NAME);
    await world.untilGone(NAME);
    await world.record(NAME, { meetingId: 'standup', source: { rtmp: {} } });
    await world.startController();
    const waiting = await world.until(NAME, 'told', ({ status }) => /in the way/.test(status?.message ?? ''));
    expect(waiting.status).toMatchObject({ phase: 'Starting', reason: 'CreatingRecorder' });
    expect(waiting.status?.podName).toBeUndefined();
    expect(waiting.metadata.uid).not.toBe(first.metadata.uid);
    const there = await store.client.get(PODS, pod);
    expect(there.metadata.uid).toBe(firstPod.metadata.uid);
    await store.client.patch(PODS, pod, { type: 'merge', body: { metadata: { finalizers: [] } } });
    const second = await world.until(NAME, 'ready', ({ status }) => status?.ingest !== undefined);
    const secondPod = await store.client.get(PODS, pod);
    expect(ownerUid(secondPod)).toBe(second.metadata.uid);
    expect(secondPod.metadata.uid).not.toBe(firstPod.metadata.uid);
    expect(second.status?.folder?.prefix).not.toBe(first.status?.folder?.prefix);
    // The first one was never finished by anybody: that is known, and its name is another's now.
    const lost = await waitFor(
      async () => (await entries(base)).find(({ recordingId }) => recordingId === NAME),
      { what: 'the first one to be listed' },
    );
    expect(lost).toMatchObject({ status: 'failed' });
    expect(await entries(base)).toHaveLength(2);
    // A stop of the first one that comes late is none of the second one.
    const objects = new KubernetesRecordingObjects({ client: store.client, namespace: world.namespace });
    const late = { uid: first.metadata.uid };
    expect(await objects.stop(NAME, 'StopRequested', late)).toBeUndefined();
    expect((await world.get(NAME)).spec.desiredState).toBe('Recording');
    await world.delete(NAME);
    await world.untilGone(NAME);
  }, 120_000);
});
