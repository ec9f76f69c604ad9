import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../support/wait-for.ts';
import { run } from '../run-command.ts';
import { processesIn, removeCgroup } from './cgroups.ts';
import { removeNetwork } from './network.ts';
import type { ClusterPlan } from './plan.ts';
import { sendSignal } from './signals.ts';

/**
 * Removes all that a cluster has on the machine, however far `up` came. The processes in the cluster's cgroup hold
 * everything else: with the last one of a node its namespaces go, and with them its mounts, interfaces and rules.
 */
export async function tearDown(plan: ClusterPlan): Promise<void> {
  await killAll(plan);
  await waitFor(
    async () => {
      await removeCgroup(plan.cgroup);
      return true;
    },
    { what: `the cgroups of ${plan.name} to go`, timeoutMs: 60_000, intervalMs: 100 },
  );
  await removeNetwork(plan);
  await unmountBelow(plan.directory);
  // The index is in there: the address range is free for another cluster only when everything is gone.
  await rm(plan.directory, { recursive: true, force: true, maxRetries: 5 });
}

async function killAll(plan: ClusterPlan): Promise<void> {
  await waitFor(
    async () => {
      const processes = await processesIn(plan.cgroup);
      for (const pid of processes) sendSignal(pid, 'SIGKILL');
      return processes.length === 0;
    },
    { what: `the processes of ${plan.name} to end`, timeoutMs: 60_000 },
  );
}

/** Nothing should be mounted there outside of the nodes' namespaces; removing files through a mount would be worse. */
async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  const below = mounts.filter((mount) => mount.startsWith(join(directory, '/')));
  for (const mount of below.reverse()) await run('umount', ['--lazy', mount]);
}
