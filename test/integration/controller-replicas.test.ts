import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LEASES } from '../../operator/runtime/leader-election.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

describe('two controllers', () => {
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

  const election = { LEADER_ELECTION: 'true' };
  const untilHeldBy = async (name: string) =>
    await waitFor(
      async () => {
        const { items } = await cluster.kube.list(LEASES, { namespace: world.namespace });
        return items[0]?.spec.holderIdentity?.startsWith(`${name}_`);
      },
      { what: `${name} to lead`, timeoutMs: 60_000 },
    );

  it('a leader that is stopped ends cleanly and hands over at once', async () => {
    const first = await world.startController({ ...election, POD_NAME: 'first' });
    await untilHeldBy('first');
    await world.startController({ ...election, POD_NAME: 'second' });
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    process.kill(first.pid, 'SIGTERM');
    expect(await first.exited).toBe(0);
    await untilHeldBy('second');
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilPhase('rec', 'Completed');
    expect(world.kubelet.everSeen).toHaveLength(1);
  });

  it('a leader that is frozen is replaced, writes nothing when it thaws, and ends by itself', async () => {
    const first = await world.startController({ ...election, POD_NAME: 'first' });
    await untilHeldBy('first');
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    await world.startController({ ...election, POD_NAME: 'second' });
    process.kill(first.pid, 'SIGSTOP');
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await untilHeldBy('second');
    await world.untilPhase('rec', 'Completed');
    const settled = await world.until('rec', 'let go', ({ metadata }) => !metadata.finalizers?.length);
    process.kill(first.pid, 'SIGCONT');
    expect(await first.exited).toBe(1);
    expect(first.output()).toContain('leadership lost');
    expect((await world.get('rec')).metadata.resourceVersion).toBe(settled.metadata.resourceVersion);
    expect(world.kubelet.everSeen).toHaveLength(1);
  }, 120_000);
});
