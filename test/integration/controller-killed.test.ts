import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeetingRecordingStatus } from '../../operator/crd/status.ts';
import { FaultProxy } from './controller-support/fault-proxy.ts';
import { shortUid } from '../../recorder-image/contract/key-template.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

/** Runs side by side. */
const BATCH = 3;

/** The life of one recording, with a controller that is killed after its n-th write and started again. */
async function record(cluster: Cluster, faultAfter?: number) {
  await using world = await TestWorld.start(cluster);
  const kill = Promise.withResolvers<undefined>();
  await using proxy = new FaultProxy({
    api: cluster.api,
    token: world.token,
    agoraUrl: world.agoraUrl,
    ...(faultAfter !== undefined && { faultAfter }),
    onFault: () => kill.resolve(undefined),
  });
  const first = await world.startController(await proxy.listen());
  let killed = false;
  const restarted = kill.promise.then(async () => {
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    killed = true;
    await world.startController();
  });
  await world.record('rec');
  await world.untilPhase('rec', 'Recording');
  await world.patchSpec('rec', { desiredState: 'Stopped' });
  const { status, metadata } = await world.until(
    'rec',
    'finished and released',
    ({ status, metadata }) => status?.phase === 'Completed' && !metadata.finalizers?.length,
  );
  await world.untilNoPods();
  if (killed) await restarted;
  expect(world.kubelet.errors).toEqual([]);
  return {
    status: timeless(status ?? {}, metadata.uid),
    writes: proxy.writes,
    killed,
    pods: world.kubelet.everSeen.length,
    convertersMade: world.agora.everMade.length,
    convertersLeft: world.agora.converters.size,
  };
}

/** The status without what differs from run to run. */
function timeless(status: MeetingRecordingStatus, uid: string): unknown {
  const text = JSON.stringify(status, (key: string, value: unknown) =>
    /At$|^at$|^lastTransitionTime$|^url$|^observedGeneration$/.test(key) ? undefined : value,
  );
  return JSON.parse(text.replaceAll(shortUid(uid), 'UID12'));
}

describe('a controller that is killed', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('after any of its writes, and started again: one pod, one push, the same end', async () => {
    const undisturbed = await record(cluster);
    expect(undisturbed.writes.length).toBeGreaterThan(8);
    let kills = 0;
    // A run makes a write more or less, for statuses that follow quickly on one another are written as one.
    for (let next = 1; kills === next - 1; next += BATCH) {
      const points = Array.from({ length: BATCH }, (_, index) => next + index);
      const runs = await Promise.all(points.map((point) => record(cluster, point)));
      for (const [index, run] of runs.entries()) {
        const point = `killed after write ${next + index}: ${run.writes.at(-1) ?? ''}`;
        if (run.killed) kills++;
        expect(run, point).toMatchObject({ pods: 1, convertersMade: 1, convertersLeft: 0 });
        expect(run.status, point).toEqual(undisturbed.status);
      }
    }
    expect(kills).toBeGreaterThan(8);
  }, 300_000);
});
