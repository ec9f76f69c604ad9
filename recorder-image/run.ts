import { configFrom } from './config.ts';
import type { RecorderConfig } from './config.ts';
import { createContext } from './context.ts';
import { EnvironmentError, parseEnvironment } from './contract/environment.ts';
import { EXIT_CODES } from './contract/exit-codes.ts';
import type { ExitCode } from './contract/exit-codes.ts';
import { writeResult } from './result.ts';

export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Stops the recording: it is finished and uploaded before `run` returns. */
  readonly signal: AbortSignal;
  /** Where people look who have started it by hand. */
  readonly complain: (text: string) => void;
}

/** Records, and returns the exit code. Never throws: whatever goes wrong is in the result. */
export async function run({ env, signal, complain }: RunOptions): Promise<ExitCode> {
  let config: RecorderConfig;
  try {
    config = configFrom(parseEnvironment(env));
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    complain(`The recorder's environment is wrong.\n${error.message}\n`);
    await reportFailure(env['RESULT_PATH'] ?? '/dev/termination-log', 'BadConfiguration', error, complain);
    return EXIT_CODES.badConfiguration;
  }
  try {
    return await record(config, signal);
  } catch (error) {
    complain(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    await reportFailure(config.resultPath, 'Internal', error, complain);
    return EXIT_CODES.failed;
  }
}

async function record(config: RecorderConfig, signal: AbortSignal): Promise<ExitCode> {
  const { recorder, http, log } = await createContext(config);
  await using server = http;
  log.info({ port: await server.listen() }, 'serving status');
  return await recorder.run(signal);
}

async function reportFailure(
  path: string,
  reason: 'BadConfiguration' | 'Internal',
  error: unknown,
  complain: (text: string) => void,
): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const { code = reason } = error as { readonly code?: string };
  try {
    await writeResult(path, { outcome: 'failed', reason, error: { code, message } });
  } catch (unwritable) {
    complain(`The result could not be written to ${path}: ${String(unwritable)}\n`);
  }
}
