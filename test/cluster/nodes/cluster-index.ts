import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../cluster-error.ts';
import { cacheDirectory } from '../toolchain/cache-directory.ts';
import { withFileLock } from '../toolchain/file-lock.ts';
import { checkClusterName, MAX_CLUSTERS, planCluster } from './plan.ts';
import type { ClusterPlan } from './plan.ts';

/** Where the clusters of this machine keep their state, a folder each. */
export function stateDirectory(): string {
  return join(cacheDirectory(), 'clusters');
}

const indexFile = (name: string): string => join(stateDirectory(), name, 'index');

/** The plan of a cluster that `up` has started to make and `down` has not removed; undefined when there is none. */
export async function existingPlan(name: string): Promise<ClusterPlan | undefined> {
  checkClusterName(name);
  const index = (await readIndex(name)) ?? (await indexOfBridge(name));
  return index === undefined ? undefined : planCluster({ name, index, stateDirectory: stateDirectory() });
}

/** Takes the first index, and with it the address range, that no other cluster of the machine has. */
export async function allocatePlan(name: string): Promise<ClusterPlan> {
  return await withFileLock(join(cacheDirectory(), 'clusters.lock'), async () => {
    const existing = await existingPlan(name);
    if (existing !== undefined) return existing;
    const index = firstFree(await usedIndexes(), (candidate) => {
      // A cluster of somebody else's cache is not in our folder, but its bridge is on the machine.
      const { bridge } = planCluster({ name, index: candidate, stateDirectory: stateDirectory() });
      return existsSync(`/sys/class/net/${bridge}`);
    });
    await mkdir(join(stateDirectory(), name), { recursive: true, mode: 0o700 });
    await writeFile(indexFile(name), String(index));
    return planCluster({ name, index, stateDirectory: stateDirectory() });
  });
}

/** The lowest index that is neither used nor taken. Throws ClusterError when all are. */
export function firstFree(used: ReadonlySet<number>, isTaken: (index: number) => boolean): number {
  for (let index = 0; index < MAX_CLUSTERS; index += 1) {
    if (!used.has(index) && !isTaken(index)) return index;
  }
  throw new ClusterError(`${MAX_CLUSTERS} clusters stand on this machine already: take one down first`);
}

/** The state folder may have been deleted from under a running cluster. */
async function indexOfBridge(name: string): Promise<number | undefined> {
  for (let index = 0; index < MAX_CLUSTERS; index += 1) {
    const { bridge } = planCluster({ name, index, stateDirectory: stateDirectory() });
    const alias = `/sys/class/net/${bridge}/ifalias`;
    if (existsSync(alias) && (await readFile(alias, 'utf8')).trim() === name) return index;
  }
  return undefined;
}

async function usedIndexes(): Promise<Set<number>> {
  await mkdir(stateDirectory(), { recursive: true });
  const used = new Set<number>();
  for (const name of await readdir(stateDirectory())) {
    const index = await readIndex(name);
    if (index !== undefined) used.add(index);
  }
  return used;
}

async function readIndex(name: string): Promise<number | undefined> {
  const file = indexFile(name);
  if (!existsSync(file)) return undefined;
  return Number(await readFile(file, 'utf8'));
}
