import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkout } from './images/build-context.ts';
import { hasDockerEngine } from './images/builder.ts';
import { KindClusters } from './kind/kind-clusters.ts';
import { NodeClusters } from './nodes/node-clusters.ts';
import { say, secondsSince } from './progress.ts';
import type { ClusterProvider } from './provider.ts';

export interface ClusterOptions {
  /** Clusters of different names stand side by side. */
  readonly name: string;
  /** Where the kubeconfig is written; `out/cluster-NAME/kubeconfig` of the checkout unless told. */
  readonly kubeconfig?: string;
}

export interface RunningCluster {
  readonly name: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
}

/** kind where a Docker engine answers, else nodes of our own. */
export async function clusterProvider(): Promise<ClusterProvider> {
  return (await hasDockerEngine()) ? new KindClusters() : new NodeClusters();
}

/** Brings a cluster up, or finds it up, and writes its kubeconfig. Throws ClusterError, MissingPackagesError, CommandError. */
export async function up({
  name,
  kubeconfig = defaultKubeconfig(name),
}: ClusterOptions): Promise<RunningCluster> {
  const started = performance.now();
  const provider = await clusterProvider();
  say(`Cluster ${name}: ${provider.description}`);
  const content = await provider.up(name);
  await mkdir(dirname(kubeconfig), { recursive: true });
  await writeFile(kubeconfig, content, { mode: 0o600 });
  say(`Cluster ${name} is up after ${secondsSince(started)} s; KUBECONFIG=${kubeconfig}`);
  return { name, kubeconfig };
}

/** Removes a cluster and all that it left on the machine. */
export async function down({ name }: Pick<ClusterOptions, 'name'>): Promise<void> {
  const provider = await clusterProvider();
  await provider.down(name);
  say(`Cluster ${name} is down`);
}

export async function isRunning({ name }: Pick<ClusterOptions, 'name'>): Promise<boolean> {
  return await (await clusterProvider()).isRunning(name);
}

export function defaultKubeconfig(name: string): string {
  return join(checkout, 'out', `cluster-${name}`, 'kubeconfig');
}
