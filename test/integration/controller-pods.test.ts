import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PODS } from '../../operator/controller/kube-objects.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

/** Keys in the recording's folder. */
const keyOf = (file: string): unknown =>
  expect.stringMatching(new RegExp(`^recordings/meeting-1/rec-[0-9a-f]{12}/${file}$`));
const FIRST = keyOf('recording[.]mp4');
const SECOND = keyOf('recording-attempt2[.]mp4');

describe('trouble with the recorder pod', () => {
  let cluster: Cluster;
  let world: TestWorld;

  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    world = await TestWorld.start(cluster);
  });
  afterEach(async () => {
    expect(world.kubelet.errors).toEqual([]);
    await world[Symbol.asyncDispose]();
  });

  const recording = async () => {
    await world.startController({ RECORDER_LOST_AFTER: '1' });
    await world.record('rec');
    return await world.untilPhase('rec', 'Recording');
  };
  const continued = async () =>
    await world.until(
      'rec',
      'recorded by another pod',
      ({ status }) => status?.podName === 'rec-2' && status.reason === 'Receiving',
    );
  const stop = async () => {
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    return await world.untilPhase('rec', 'Completed');
  };
  const untilLetGo = async ({ dark = false } = {}) => {
    await world.until('rec', 'let go', ({ metadata }) => !metadata.finalizers?.length);
    if (dark) {
      // Nobody is on that node to confirm that the pod is gone: in time the controller would do it.
      const ref = { namespace: world.namespace, name: 'rec-1' };
      const { metadata } = await cluster.kube.get(PODS, ref);
      expect(metadata.deletionTimestamp).toBeDefined();
      expect(metadata.finalizers ?? []).toEqual([]);
      await cluster.kube.delete(PODS, ref, { gracePeriodSeconds: 0 });
    }
    await world.untilNoPods();
    expect(world.agora.converters.size).toBe(0);
  };
  it.each([
    ['is evicted', async () => await world.kubelet.evict('rec-1'), 'Evicted'],
    [
      'is on a node that shuts down without waiting',
      async () => await world.kubelet.evict('rec-1', 'NodeShutdown'),
      'NodeShutdown',
    ],
    ['is removed by force', async () => await world.removeByForce('rec-1'), 'PodRemoved'],
    ['is on a node that goes dark', async () => await world.kubelet.loseNode('rec-1'), 'NodeLost'],
    [
      'is on a node that is deleted',
      async () => await world.kubelet.collectGarbage('rec-1'),
      'DeletionByPodGC',
    ],
  ] as const)(
    'a pod that %s: another goes on under a key of its own, and the first part is saved',
    async (_what, trouble, reason) => {
      const before = await recording();
      await trouble();
      const after = await continued();
      expect(after.status).toMatchObject({
        phase: 'Recording',
        attempt: 2,
        startedAt: before.status?.startedAt,
        lastTermination: { reason },
        parts: [{ attempt: 1, key: FIRST }],
      });
      await world.until('rec', 'saved', ({ status }) => status?.parts?.[0]?.state === 'Salvaged');
      const { status } = await stop();
      expect(status).toMatchObject({
        reason: 'StopRequested',
        file: { key: FIRST, sizeBytes: 1000 },
        files: [{ key: FIRST }, { key: SECOND }],
        durationSeconds: 19.5,
        parts: [{ state: 'Salvaged', durationSeconds: 7 }],
      });
      await untilLetGo({ dark: reason === 'NodeLost' });
      expect(world.kubelet.everSeen.map(({ name }) => name).toSorted()).toEqual([
        'rec-1',
        'rec-1-salvage',
        'rec-2',
      ]);
      // A recorder that is told to go by its kubelet says that it finishes, maybe before the controller hears that its
      // pod is gone: then the push was ended for it, and is made again for the next one.
      const { everMade, asked } = world.agora;
      const most = reason === 'PodRemoved' ? 2 : 1;
      expect(everMade.length, asked.join('\n')).toBeLessThanOrEqual(most);
    },
  );

  it('a pod on a node that shuts down in order: its file is kept', async () => {
    await recording();
    await world.kubelet.shutDown('rec-1');
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({
      reason: 'Drained',
      file: { key: FIRST },
      lastTermination: { exitCode: 0, reason: 'Terminated', node: 'fake-node' },
    });
    expect(status?.message).toContain('imminent node shutdown');
    await untilLetGo();
  });

  it('a pod that is preempted: its file is kept, and the object says what for', async () => {
    await recording();
    await world.kubelet.preempt('rec-1');
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({ reason: 'Drained', file: { key: FIRST } });
    expect(status?.message).toContain('preempting to accommodate a higher priority pod');
    expect(world.history.headlines('rec')).toContain('Stopping Drained');
    await untilLetGo();
  });

  it('a pod that is killed by force while its recorder still saves: its result counts', async () => {
    await recording();
    await cluster.kube.delete(PODS, { namespace: world.namespace, name: 'rec-1' }, { gracePeriodSeconds: 0 });
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({ reason: 'Drained', file: { key: FIRST }, attempt: 1 });
    await untilLetGo();
  });

  it('an object that is deleted while its recorder’s node is dead goes, with what that had stored', async () => {
    await recording();
    await world.kubelet.loseNode('rec-1');
    await world.delete('rec');
    await world.untilGone('rec');
    expect(world.history.headlines('rec').at(-1)).toBe('Completed Salvaged');
    await cluster.kube.delete(PODS, { namespace: world.namespace, name: 'rec-1' }, { gracePeriodSeconds: 0 });
    await world.untilNoPods();
    expect(world.agora.converters.size).toBe(0);
  });

  it('a pod that is lost while it stops: what it had stored is the file', async () => {
    await recording();
    const stub = world.kubelet.stub('rec-1');
    if (stub) stub.onSigterm = () => ({ exitCode: 137, message: '', reason: 'Error' });
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({
      reason: 'Salvaged',
      file: { key: FIRST, sizeBytes: 1000 },
      durationSeconds: 7,
      lastTermination: { exitCode: 137 },
    });
    expect(status?.files).toBeUndefined();
    await untilLetGo();
    expect(world.kubelet.everSeen.map(({ name }) => name)).toEqual(['rec-1', 'rec-1-salvage']);
  });

  it('a pod that is lost with nothing stored: Failed, and why', async () => {
    await recording();
    world.kubelet.onSalvage = () => ({
      exitCode: 10,
      message: JSON.stringify({
        outcome: 'failed',
        reason: 'NothingReceived',
        error: { code: 'NothingStored', message: 'there is no part in S3' },
      }),
    });
    const stub = world.kubelet.stub('rec-1');
    if (stub) stub.onSigterm = () => ({ exitCode: 137, message: '', reason: 'OOMKilled' });
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status).toMatchObject({
      reason: 'RecorderLost',
      lastTermination: { reason: 'OOMKilled' },
      parts: [{ state: 'Lost', message: 'there is no part in S3' }],
    });
    await untilLetGo();
  });

  it('a part that can’t be saved does not keep the rest from its end, which says so', async () => {
    await recording();
    world.kubelet.onSalvage = () => ({
      exitCode: 10,
      message: JSON.stringify({
        outcome: 'failed',
        reason: 'NothingReceived',
        error: { code: 'NothingStored', message: 'there is no part in S3' },
      }),
    });
    await world.kubelet.evict('rec-1');
    await continued();
    const { status } = await stop();
    expect(status).toMatchObject({ reason: 'StopRequested', file: { key: SECOND } });
    expect(status?.message).toContain('recorder 1');
    await untilLetGo();
  });

  it('a recording is not given recorders for ever', async () => {
    await recording();
    world.kubelet.onStart = (stub) => stub.become('recording');
    for (const attempt of [1, 2, 3, 4]) {
      await world.until(
        'rec',
        `recorded by pod ${attempt}`,
        ({ status }) => status?.podName === `rec-${attempt}` && status.reason === 'Receiving',
      );
      await world.kubelet.evict(`rec-${attempt}`);
    }
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({ reason: 'Salvaged', attempt: 4 });
    expect(status?.files).toHaveLength(4);
    await untilLetGo();
  });

  it('a controller that is killed before and after a loss goes on from there, and deletion ends it properly', async () => {
    await recording();
    await world.killControllers();
    await world.kubelet.evict('rec-1');
    await world.startController();
    await world.until('rec', 'replaced', ({ status }) => status?.podName === 'rec-2');
    await world.killControllers();
    await world.startController();
    await continued();
    await world.delete('rec');
    await world.untilGone('rec');
    await world.untilNoPods();
  });
});
