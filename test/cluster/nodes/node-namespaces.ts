import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../support/wait-for.ts';
import { ClusterError } from '../cluster-error.ts';
import { cacheDirectory } from '../toolchain/cache-directory.ts';
import { processesIn } from './cgroups.ts';
import { startDaemon } from './daemon.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';

/** Folders of which each node has its own, so that its daemons run with the paths that they have on a real node. */
const OWN_FOLDERS = ['run', 'var/lib', 'var/log'] as const;

/**
 * Settings of the whole machine that a kubelet insists on and would change. In a node's own view they have these
 * values; the machine's stay as they are.
 */
const KUBELET_SETTINGS = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
} as const;

/**
 * Makes a node: a process that does nothing in a network and a mount namespace of its own. Both are held by the
 * processes in them alone, so that with the last one everything is gone: mounts, interfaces, rules, routes.
 */
export async function startNode(plan: ClusterPlan, node: NodePlan): Promise<void> {
  refuseHiddenCache();
  const settings = join(node.directory, 'settings');
  for (const folder of OWN_FOLDERS) await mkdir(join(node.directory, folder), { recursive: true });
  for (const [setting, value] of Object.entries(KUBELET_SETTINGS)) {
    await mkdir(join(settings, setting, '..'), { recursive: true });
    await writeFile(join(settings, setting), `${value}\n`);
  }
  const ready = join(node.directory, 'ready');
  const script = [
    'set -e',
    ...OWN_FOLDERS.map((folder) => `mount --bind '${node.directory}/${folder}' '/${folder}'`),
    ...Object.keys(KUBELET_SETTINGS).map(
      (setting) => `mount --bind '${settings}/${setting}' '/proc/sys/${setting}'`,
    ),
    'ip link set lo up',
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    `touch '${ready}'`,
    'exec sleep infinity',
  ].join('\n');
  const pid = await startDaemon(plan, {
    name: node.name,
    command: 'unshare',
    args: ['--net', '--mount', '--', 'sh', '-c', script],
  });
  await writeFile(pidFile(node), String(pid));
  await waitFor(() => existsSync(ready), {
    what: `the namespaces of ${node.name} (see ${plan.logDirectory})`,
  });
}

/** What a command is prefixed with to run inside a node. Throws ClusterError when the node is not there. */
export async function insideNode(plan: ClusterPlan, node: NodePlan): Promise<readonly string[]> {
  const pid = existsSync(pidFile(node)) ? Number(await readFile(pidFile(node), 'utf8')) : undefined;
  // Only a process of the cluster's cgroup is the node: the number may have gone to another process since.
  if (pid === undefined || !(await processesIn(plan.systemCgroup)).includes(pid)) {
    throw new ClusterError(`the node ${node.name} is not running`);
  }
  return ['nsenter', '--target', String(pid), '--net', '--mount', '--'];
}

function pidFile(node: NodePlan): string {
  return join(node.directory, 'pid');
}

function refuseHiddenCache(): void {
  const hidden = OWN_FOLDERS.find((folder) => cacheDirectory().startsWith(`/${folder}/`));
  if (hidden === undefined) return;
  throw new ClusterError(`MEETREC_CACHE must not lie under /${hidden}, of which every node has its own`);
}
