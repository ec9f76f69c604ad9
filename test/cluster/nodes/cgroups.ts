import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** Whether the machine has cgroup v2 alone, as Debian 12 has with systemd. */
function isUnified(): boolean {
  return existsSync(join(ROOT, 'cgroup.controllers'));
}

/** The roots of all hierarchies: one on cgroup v2, one a controller on v1 (and v2's beside them, without any). */
async function hierarchies(): Promise<string[]> {
  if (isUnified()) return [ROOT];
  const entries = await readdir(ROOT, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, entry.name, 'cgroup.procs')))
    .map((entry) => join(ROOT, entry.name));
}

/** The folder whose `cgroup.procs` tells what runs in `cgroup`. */
export function trackingDirectory(cgroup: string): string {
  return join(ROOT, isUnified() ? '' : 'pids', cgroup);
}

/** Makes a cgroup, and those above it, in every hierarchy. */
export async function makeCgroup(cgroup: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const parts = cgroup.split('/').filter((part) => part !== '');
    let directory = hierarchy;
    for (const part of parts) {
      if (isUnified()) await enableControllers(directory);
      directory = join(directory, part);
      await mkdir(directory, { recursive: true });
      if (existsSync(join(directory, 'cpuset.cpus')) && !isUnified()) await inheritCpuset(directory);
    }
  }
}

/** On v2 a group's children get a controller only when the group says so. */
async function enableControllers(directory: string): Promise<void> {
  const controllers = (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).trim().split(' ');
  for (const controller of controllers.filter(Boolean)) {
    // Some can't be passed on from everywhere; what the kubelet can't do without, it names itself.
    await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch(ignoreRefused);
  }
}

/** On v1 a new cpuset has no processors and no memory, and nothing can run in it. */
async function inheritCpuset(directory: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = (await readFile(join(directory, file), 'utf8')).trim();
    if (own !== '') continue;
    await writeFile(join(directory, file), await readFile(join(dirname(directory), file), 'utf8'));
  }
}

/** The ids of all processes in a cgroup and below it. */
export async function processesIn(cgroup: string): Promise<number[]> {
  const found: number[] = [];
  for (const directory of await tree(trackingDirectory(cgroup))) {
    const procs = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(ignoreMissing);
    found.push(...(procs ?? '').split('\n').filter(Boolean).map(Number));
  }
  return found;
}

/** Removes a cgroup that has no processes, with all below it, from every hierarchy, and those above it that are empty. */
export async function removeCgroup(cgroup: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    for (const directory of await tree(join(hierarchy, cgroup))) await rmdir(directory).catch(ignoreMissing);
    await rmdir(join(hierarchy, dirname(cgroup))).catch(ignoreInUse);
  }
}

/** A folder and all below it, the deepest first. */
async function tree(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(ignoreMissing);
  if (entries === undefined) return [];
  const below: string[] = [];
  for (const entry of entries)
    if (entry.isDirectory()) below.push(...(await tree(join(directory, entry.name))));
  return [...below, directory];
}

/** Groups go while they are being looked at: the last container's, for one. */
function ignoreMissing(error: unknown): undefined {
  if (hasCode(error, 'ENOENT', 'ENODEV')) return undefined;
  throw error;
}

/** Another cluster's groups are in there. */
function ignoreInUse(error: unknown): undefined {
  if (hasCode(error, 'EBUSY', 'ENOTEMPTY')) return undefined;
  return ignoreMissing(error);
}

function ignoreRefused(error: unknown): undefined {
  if (hasCode(error, 'EINVAL', 'EBUSY', 'ENOTSUP', 'EOPNOTSUPP')) return undefined;
  throw error;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
