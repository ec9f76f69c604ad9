import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const CLI = join(import.meta.dirname, '../cluster/cli.ts');

/** Brings up the cluster of that name with Meetrec's images on its nodes; returns its kubeconfig's path. */
export async function bringUpCluster(name: string): Promise<string> {
  await clusterCli('up', '--name', name);
  await clusterCli('images', '--load', name);
  return resolve(`out/cluster-${name}/kubeconfig`);
}

export async function takeDownCluster(name: string): Promise<void> {
  await clusterCli('down', '--name', name);
}

/** A process of its own, with its progress on our terminal: what it starts must outlive whoever asked for it. */
async function clusterCli(...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`test/cluster/cli.ts ${args.join(' ')} failed with ${code ?? 'a signal'}`);
}
