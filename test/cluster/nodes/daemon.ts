import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../control-plane/program.ts';
import { withSystemPrograms } from '../run-command.ts';
import { trackingDirectory } from './cgroups.ts';
import type { ClusterPlan } from './plan.ts';

/** The process enters the cluster's cgroup before it becomes the program, so none can ever run outside of it. */
const ENTER_AND_EXEC = 'echo $$ > "$0/cgroup.procs" && exec "$@"';

/** A program of the cluster as it was last started: what starts it again. */
export interface NotedDaemon {
  readonly program: Program;
  readonly pid: number;
}

/**
 * Starts a program that outlives this process, in the cluster's cgroup, and returns its process id. `prefix` is
 * what it is run with, to start it inside a node. Its output goes to `logs/NAME.log`; what was started is noted.
 */
export async function startDaemon(
  plan: ClusterPlan,
  program: Program,
  prefix: readonly string[] = [],
): Promise<number> {
  await mkdir(plan.logDirectory, { recursive: true });
  const log = openSync(join(plan.logDirectory, `${program.name}.log`), 'a');
  try {
    const group = trackingDirectory(plan.systemCgroup);
    const child = spawn('sh', ['-c', ENTER_AND_EXEC, group, ...prefix, program.command, ...program.args], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: withSystemPrograms(process.env),
    });
    await once(child, 'spawn');
    child.unref();
    if (child.pid === undefined) throw new Error(`${program.name} has no process id`);
    const noted: NotedDaemon = { program, pid: child.pid };
    await mkdir(noteDirectory(plan), { recursive: true });
    await writeFile(join(noteDirectory(plan), `${program.name}.json`), JSON.stringify(noted), {
      mode: 0o600,
    });
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** What {@link startDaemon} noted under this name. Throws when there is nothing. */
export async function notedDaemon(plan: ClusterPlan, name: string): Promise<NotedDaemon> {
  return JSON.parse(await readFile(join(noteDirectory(plan), `${name}.json`), 'utf8')) as NotedDaemon;
}

function noteDirectory(plan: ClusterPlan): string {
  return join(plan.directory, 'programs');
}
