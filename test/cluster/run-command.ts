import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to the command's standard input; without it the input is empty. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** A command that could not be started or ended with anything but 0. `stderr` is all it wrote there. */
export class CommandError extends Error {
  readonly code = 'COMMAND_FAILED';
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(command: readonly string[], exitCode: number | null, stderr: string, options?: ErrorOptions) {
    super(
      `${command.join(' ')} failed (${exitCode ?? 'not started'}): ${stderr.trim().slice(-2000)}`,
      options,
    );
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** Runs a program to its end, without a shell, and returns its standard output. Throws CommandError. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: withSystemPrograms(options.env ?? process.env),
    signal: options.signal,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A program that ends without reading its input closes the pipe; its exit code tells what happened.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      reject(new CommandError([command, ...args], null, error.message, { cause: error }));
    });
    child.once('close', resolve);
  });
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (exitCode !== 0) throw new CommandError([command, ...args], exitCode, stderr);
  return stdout;
}

/** Debian keeps `ip`, `iptables` and others in sbin, which is not on everybody's PATH. */
export function withSystemPrograms(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, PATH: `${environment['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}

/** Whether a program runs to its end with exit code 0; false too when it is not installed. */
export async function succeeds(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<boolean> {
  try {
    await run(command, args, options);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
