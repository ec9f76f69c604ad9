import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

describe('a recorder that does not start', () => {
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
    world.kubelet.starts = false;
  });
  afterEach(async () => {
    expect(world.kubelet.errors).toEqual([]);
    await world[Symbol.asyncDispose]();
  });

  it.each([
    [
      'no node takes it',
      async () =>
        await world.kubelet.unschedulable('rec-1', '0/2 nodes are available: 2 Insufficient memory.'),
      'RecorderUnschedulable',
      '0/2 nodes are available: 2 Insufficient memory.',
    ],
    [
      'its image is missing',
      async () => await world.kubelet.waits('rec-1', 'ImagePullBackOff', 'Back-off pulling image: 5m0s'),
      'RecorderImagePullFailed',
      "The image recorder:test can't be pulled",
    ],
    [
      'its Secret is missing',
      async () => await world.kubelet.waits('rec-1', 'CreateContainerConfigError', 'secret "s3" not found'),
      'RecorderStarting',
      'The recorder can\'t be started: secret "s3" not found',
    ],
  ] as const)(
    'because %s says so, and fails with it when its time is over',
    async (_what, trouble, reason, message) => {
      await world.startController({ START_TIMEOUT: '4' });
      await world.record('rec');
      await trouble();
      const waiting = await world.until(
        'rec',
        'told',
        ({ status }) => status?.reason === reason && status.message === message,
      );
      expect(waiting.status).toMatchObject({ phase: 'Starting', message });
      const { status } = await world.untilPhase('rec', 'Failed');
      expect(status).toMatchObject({ reason: 'StartTimeout' });
      expect(status?.message).toContain(message);
      await world.until('rec', 'let go', ({ metadata }) => !metadata.finalizers?.length);
    },
  );

  it('again says so, and another takes its place when its time is over', async () => {
    world.kubelet.starts = true;
    await world.startController({ START_TIMEOUT: '3' });
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    await world.kubelet.waits('rec-1', 'CreateContainerConfigError', 'secret "s3" not found');
    const { status } = await world.until(
      'rec',
      'told',
      ({ status }) => status?.reason === 'RecorderStarting',
    );
    expect(status).toMatchObject({ phase: 'Recording' });
    expect(status?.message).toContain('secret "s3" not found');
    const after = await world.until(
      'rec',
      'recorded by another pod',
      ({ status }) => status?.podName === 'rec-2' && status.reason === 'Receiving',
    );
    expect(after.status).toMatchObject({
      attempt: 2,
      lastTermination: { reason: 'NotStarted', node: 'fake-node' },
      parts: [{ attempt: 1 }],
    });
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    expect((await world.untilPhase('rec', 'Completed')).status?.reason).toBe('StopRequested');
    await world.untilNoPods();
  });

  it('because its pod is refused says so in the API server’s words, and goes when it is told to', async () => {
    await world.startController({ RECORDER_PRIORITY_CLASS: 'missing-class' });
    await world.record('rec');
    const refused = await world.until('rec', 'refused', ({ status }) =>
      /missing-class/.test(status?.message ?? ''),
    );
    expect(refused.status).toMatchObject({ phase: 'Starting', reason: 'CreatingRecorder' });
    await world.delete('rec');
    await world.untilGone('rec');
  });
});
