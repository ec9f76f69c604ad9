import { waitFor } from '../../support/wait-for.ts';
import { processesIn } from './cgroups.ts';
import { notedDaemon, startDaemon } from './daemon.ts';
import { insideNode } from './node-namespaces.ts';
import type { ClusterPlan } from './plan.ts';
import { sendSignal } from './signals.ts';

/** Programs of the control plane that can be killed and started again, by the name of their log. */
export type Component = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'coredns';

/** SIGKILL for a program of the cluster: a {@link Component}, or a node's, as in `NODE-kubelet`. Returns when it is gone. */
export async function killDaemon(plan: ClusterPlan, name: string): Promise<void> {
  const { pid } = await notedDaemon(plan, name);
  const isAlive = async (): Promise<boolean> => (await processesIn(plan.systemCgroup)).includes(pid);
  // Only a process of the cluster's cgroup is the program: the number may have gone to another since.
  if (!(await isAlive())) return;
  sendSignal(pid, 'SIGKILL');
  await waitFor(async () => !(await isAlive()), { what: `${name} to end`, intervalMs: 20 });
}

/** Starts a program again that was killed, just as it was started before. */
export async function restartDaemon(plan: ClusterPlan, name: string): Promise<void> {
  const { program } = await notedDaemon(plan, name);
  const node = plan.nodes.find((candidate) => name.startsWith(`${candidate.name}-`));
  await startDaemon(plan, program, node === undefined ? [] : await insideNode(plan, node));
}
