import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../support/wait-for.ts';
import { run, succeeds } from '../run-command.ts';
import type { ClusterPlan } from './plan.ts';

export function administratorKubeconfig(plan: ClusterPlan): string {
  return join(plan.directory, 'kubeconfig');
}

/** Waits until both nodes are Ready and pods can be made: the default service account comes from a controller. */
export async function waitUntilNodesReady(plan: ClusterPlan, kubectl: string): Promise<void> {
  await waitFor(() => areNodesReady(plan, kubectl), {
    what: `the nodes to be ready (see ${plan.logDirectory})`,
    timeoutMs: 180_000,
    intervalMs: 200,
  });
  await waitFor(
    () =>
      succeeds(kubectl, ['--kubeconfig', administratorKubeconfig(plan), 'get', 'serviceaccount', 'default']),
    { what: 'the default service account', timeoutMs: 60_000, intervalMs: 200 },
  );
}

/** Whether the cluster answers and all its nodes are Ready. */
export async function areNodesReady(plan: ClusterPlan, kubectl: string): Promise<boolean> {
  const kubeconfig = administratorKubeconfig(plan);
  if (!existsSync(kubeconfig)) return false;
  const names = plan.nodes.map((node) => node.name);
  const readiness = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  // prettier-ignore
  const output = await run(kubectl, [
    '--kubeconfig', kubeconfig, '--request-timeout=5s', 'get', 'nodes', ...names, '--output', `jsonpath=${readiness}`,
  ]);
  return (
    output
      .trim()
      .split('\n')
      .filter((status) => status === 'True').length === names.length
  );
}
