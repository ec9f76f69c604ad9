import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ChildOptions {
  /** Names the process in errors. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What it reads from stdin; nothing without it. */
  readonly input?: Readable;
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Settles with the exit code, or the signal's name, when the process is gone. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** What it wrote to stdout and stderr so far: the last 64 KiB. */
  output: () => string;
  /** SIGTERM, and SIGKILL after 5 s. Harmless when it is gone already. */
  stop: () => Promise<void>;
}

const OUTPUT_LIMIT = 64 * 1024;

/**
 * Starts a helper process that can't outlive the test process: the kernel kills it when its parent dies,
 * whatever the parent dies of. Throws when the program can't be started.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const [command = options.command, ...args] = dyingWithParent([options.command, ...options.args]);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // One that ends before it has read everything says so with its exit code.
  if (options.input) pipeline(options.input, child.stdin).catch(() => undefined);
  else child.stdin.end();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-OUTPUT_LIMIT);
    });
  }
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal ?? 0);
    });
  });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} has no process id`);

  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const giveUp = new AbortController();
    const timer = sleep(5000, 'late' as const, { signal: giveUp.signal }).catch(() => 'early' as const);
    if ((await Promise.race([exited, timer])) === 'late') child.kill('SIGKILL');
    giveUp.abort();
    await exited;
  };
  return { pid, exited, output: () => output, stop, [Symbol.asyncDispose]: stop };
}

/** Runs `serving` until it is true, and fails at once with the process's own words when the process ends before. */
export async function whileAlive<T>(
  child: Child,
  name: string,
  serving: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopWaiting = new AbortController();
  const died = child.exited.then((code): never => {
    throw new Error(`${name} ended with ${code}: ${child.output().slice(-2000)}`);
  });
  try {
    return await Promise.race([serving(stopWaiting.signal), died]);
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    stopWaiting.abort();
    died.catch(() => undefined);
  }
}

function dyingWithParent(command: readonly string[]): readonly string[] {
  return process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', '--', ...command] : command;
}
