import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

describe('a recording on a real API server', () => {
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

  it('goes from the object to a pod, a push, a result and back to nothing but the object', async () => {
    await world.startController();
    await world.record('rec-1');
    const recording = await world.untilPhase('rec-1', 'Recording');
    expect(recording.status).toMatchObject({
      reason: 'Receiving',
      podName: 'rec-1-1',
      attempt: 1,
      agora: { converterId: 'converter-1' },
    });
    expect(recording.status?.ingest?.url).toMatch(/^rtmp:\/\/127\..*\/live$/);
    expect(recording.metadata.finalizers).toEqual(['meetrec.dev/recording']);

    await world.patchSpec('rec-1', { desiredState: 'Stopped' });
    await world.untilPhase('rec-1', 'Completed');
    await world.untilNoPods();
    const finished = await world.until('rec-1', 'released', ({ metadata }) => !metadata.finalizers?.length);
    expect(finished.status).toMatchObject({
      phase: 'Completed',
      reason: 'StopRequested',
      file: {
        bucket: 'test-bucket',
        key: 'recordings/meeting-1/rec-1.mp4',
        sizeBytes: 123_456,
        format: 'mp4',
      },
      durationSeconds: 12.5,
      agora: { converterId: 'converter-1', state: 'ended' },
    });
    expect(finished.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Admitted=False',
      'Succeeded=True',
      'RecorderReady=False',
      'Receiving=False',
      'Uploaded=True',
    ]);
    expect(world.agora.converters.size).toBe(0);
    expect(world.agora.everMade).toHaveLength(1);
    expect(world.kubelet.everSeen).toHaveLength(1);
  });
});
