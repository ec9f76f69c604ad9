import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** FFmpeg could not be started, was killed, or ended with an error; the message has its last words. */
export class FfmpegError extends Error {
  readonly code = 'FfmpegFailed';
  override readonly name = 'FfmpegError';
}

export interface ProcessOptions {
  readonly path: string;
  readonly args: readonly string[];
  readonly stdin: Readable | undefined;
  /** Not ended when the process is gone. */
  readonly stdout: Writable | undefined;
  /** Called with each line of its stderr. */
  readonly onLog: (line: string) => void;
}

/** How many of its last lines are told, and how many characters of each. */
const LAST_LINES = 6;
const LINE_LENGTH = 300;

/**
 * Runs FFmpeg and returns when it is gone. It has no environment: ours has the keys of the object store. Killed when the
 * signal is aborted. Throws {@link FfmpegError}, or the signal's reason where that was aborted before.
 */
export async function runProcess(options: ProcessOptions, killed: AbortSignal): Promise<void> {
  const { stdin, stdout, onLog } = options;
  killed.throwIfAborted();
  const child = start(options);
  const kill = (): void => {
    child.kill('SIGKILL');
    // What nobody reads would keep it from ever being closed.
    child.stdout?.destroy();
  };
  killed.addEventListener('abort', kill, { once: true });
  const failures: Error[] = [];
  const lastLines = tail(child, onLog);
  const closed = once(child, 'close');
  const moved = (flow: Promise<void>): Promise<void> =>
    flow.catch((error: Error) => {
      // When it is gone, or reads no more, the streams break as well: how it ended says why.
      if (killed.aborted || hasEnded(child) || isBrokenPipe(error)) return;
      failures.push(error);
      kill();
    });
  try {
    await Promise.all([
      closed,
      once(child, 'exit').then(() => {
        if (!endedWell(child)) child.stdout?.destroy();
      }),
      stdin !== undefined && child.stdin ? moved(pipeline(stdin, child.stdin)) : undefined,
      stdout !== undefined && child.stdout
        ? moved(pipeline(child.stdout, stdout, { end: false }))
        : undefined,
    ]);
  } catch (error) {
    throw notStarted(error);
  } finally {
    killed.removeEventListener('abort', kill);
  }
  const [failure] = failures;
  if (failure !== undefined)
    throw new FfmpegError(`what FFmpeg reads or writes failed: ${failure.message}`, { cause: failure });
  if (!endedWell(child) || killed.aborted) throw new FfmpegError(epitaph(child, lastLines));
}

function start({ path, args, stdin, stdout }: ProcessOptions): ChildProcess {
  try {
    return spawn(path, args, {
      // Without a path it is found by PATH, which is all that it gets then.
      env: path.includes('/') ? {} : { PATH: process.env['PATH'] },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', stdout === undefined ? 'ignore' : 'pipe', 'pipe'],
    });
  } catch (error) {
    // Most of what keeps it from being started is an event; a lack of memory is thrown.
    throw notStarted(error);
  }
}

function notStarted(error: unknown): FfmpegError {
  return new FfmpegError(`FFmpeg could not be started: ${String(error)}`, { cause: error });
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function endedWell({ exitCode }: ChildProcess): boolean {
  return exitCode === 0;
}

function isBrokenPipe(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** The last lines of its stderr, as they come. */
function tail({ stderr }: ChildProcess, onLog: (line: string) => void): readonly string[] {
  const last: string[] = [];
  if (stderr === null) return last;
  createInterface({ input: stderr }).on('line', (line) => {
    onLog(line);
    if (line.trim() === '') return;
    if (last.push(line.trim().slice(0, LINE_LENGTH)) > LAST_LINES) last.shift();
  });
  return last;
}

function epitaph({ exitCode, signalCode }: ChildProcess, lastLines: readonly string[]): string {
  const end = signalCode === null ? `ended with code ${exitCode}` : `was killed by ${signalCode}`;
  return [`FFmpeg ${end}`, ...lastLines].join('; ');
}
