import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LEASES } from '../../operator/runtime/leader-election.ts';
import { waitFor } from '../support/wait-for.ts';
import { FaultProxy } from './controller-support/fault-proxy.ts';
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
    await using proxy = new FaultProxy({ api: cluster.api, token: world.token, agoraUrl: world.agoraUrl });
    const first = await world.startController({ ...(await proxy.listen()), ...election, POD_NAME: 'first' });
    await untilHeldBy('first');
    await world.record('one');
    await world.record('two');
    await world.untilPhase('one', 'Recording');
    await world.untilPhase('two', 'Recording');
    // From now on there is always a push to be ended.
    world.agora.refuse = (method) => (method === 'DELETE' ? { status: 500, body: {} } : undefined);
    await world.patchSpec('one', { desiredState: 'Stopped' });
    await world.untilPhase('one', 'Completed');
    const second = await world.startController({ ...election, POD_NAME: 'second' });
    process.kill(first.pid, 'SIGSTOP');
    await world.patchSpec('two', { desiredState: 'Stopped' });
    await untilHeldBy('second');
    await world.untilPhase('two', 'Completed');
    // Nobody does what there is to do: one that thaws finds a recording to begin with, and pushes that can be ended.
    process.kill(second.pid, 'SIGSTOP');
    await world.record('three');
    world.agora.refuse = undefined;
    const before = [proxy.requests.length, proxy.agoraRequests.length];
    process.kill(first.pid, 'SIGCONT');
    expect(await first.exited).toBe(1);
    expect(first.output()).toContain('leadership lost');
    const since = [...proxy.requests.slice(before[0]), ...proxy.agoraRequests.slice(before[1])];
    expect(since.filter(([method, path]) => method !== 'GET' && !/\/(leases|events)\b/.test(path))).toEqual(
      [],
    );
    process.kill(second.pid, 'SIGCONT');
    await world.untilPhase('three', 'Recording');
    await waitFor(() => world.agora.converters.size === 1, { what: 'the other pushes to be ended' });
    for (const name of ['one', 'two'])
      await world.until(name, 'its push ended', ({ status }) => status?.agora?.state === 'ended');
    expect(world.kubelet.everSeen).toHaveLength(3);
    expect(world.agora.everMade).toHaveLength(3);
  }, 120_000);
});
