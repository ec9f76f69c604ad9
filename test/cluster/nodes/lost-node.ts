import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../support/wait-for.ts';
import { ClusterError } from '../cluster-error.ts';
import { makeCgroup, processesIn, removeCgroup } from './cgroups.ts';
import { restartDaemon } from './components.ts';
import { notedDaemon } from './daemon.ts';
import { connectNode, removeCable, unplugNode } from './network.ts';
import { waitForContainerRuntime } from './node-daemons.ts';
import { startNode } from './node-namespaces.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';
import { sendSignal } from './signals.ts';

/**
 * A node is lost as when a machine loses its power: its kubelet, its containers and its network are gone at once, and
 * nobody is told. Its object in the API is left as it is.
 */
export async function loseNode(plan: ClusterPlan, node: NodePlan): Promise<void> {
  const { pid } = await notedDaemon(plan, node.name);
  const network = await networkOf(pid);
  if (network === undefined) throw new ClusterError(`the node ${node.name} is not running`);
  // First the cable: a connection that is closed by the kernel of a killed process would be a farewell.
  await unplugNode(node);
  await waitFor(
    async () => {
      const containers = await processesIn(node.cgroup);
      const system = await processesIn(plan.systemCgroup);
      const daemons: number[] = [];
      for (const candidate of system) if ((await networkOf(candidate)) === network) daemons.push(candidate);
      const all = [...daemons, ...containers];
      for (const process of all) sendSignal(process, 'SIGKILL');
      return all.length === 0;
    },
    { what: `the processes of ${node.name} to end`, intervalMs: 20 },
  );
}

/** Another machine in the place of a lost one: with its name and its images, and nothing of what ran on it. */
export async function replaceNode(plan: ClusterPlan, node: NodePlan): Promise<void> {
  for (const left of ['ready', 'var/lib/kubelet', 'var/lib/cni', 'var/log/pods', 'run'])
    await rm(join(node.directory, left), { recursive: true, force: true });
  await removeCgroup(node.cgroup);
  await makeCgroup(node.cgroup);
  await removeCable(node);
  await startNode(plan, node);
  await connectNode(plan, node);
  await restartDaemon(plan, `${node.name}-containerd`);
  await waitForContainerRuntime(plan, node);
  await restartDaemon(plan, `${node.name}-kubelet`);
  await restartDaemon(plan, `${node.name}-kube-proxy`);
}

/** What tells a network namespace from others; undefined for a process that has ended. */
async function networkOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/ns/net`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}
