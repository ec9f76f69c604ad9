import { configFrom } from './config.ts';
import type { RecorderConfig } from './config.ts';
import { createContext } from './context.ts';
import type { RecorderContext } from './context.ts';
import { EnvironmentError, parseEnvironment } from './contract/environment.ts';
import { EXIT_CODES } from './contract/exit-codes.ts';
import type { ExitCode } from './contract/exit-codes.ts';
import { takeLastWords } from './last-words.ts';
import { failedWithoutMedia } from './recording/outcome.ts';
import { writeResult } from './result.ts';
import type { EarlierRuns } from './supervision.ts';

export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Stops the recording: it is finished and uploaded before `run` returns. */
  readonly signal: AbortSignal;
  /** Where people look who have started it by hand. */
  readonly complain: (text: string) => void;
}

export interface Program<Config> {
  /** Throws {@link EnvironmentError}. */
  readonly configFrom: (env: RunOptions['env']) => Config;
  readonly work: (config: Config, signal: AbortSignal) => Promise<ExitCode>;
}

/** Records, and returns the exit code. Never throws: whatever goes wrong is in the result. */
export function run(options: RunOptions & { readonly earlier: EarlierRuns }): Promise<ExitCode> {
  return runReporting(options, {
    configFrom: (env) => configFrom(parseEnvironment(env)),
    work: (config, signal) => record(config, options.earlier, signal),
  });
}

/** Runs a program of this image. Never throws: whatever goes wrong is written where its result is looked for. */
export async function runReporting<Config extends { readonly resultPath: string }>(
  { env, signal, complain }: RunOptions,
  { configFrom, work }: Program<Config>,
): Promise<ExitCode> {
  let config: Config;
  try {
    config = configFrom(env);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return await refuse(error, env['RESULT_PATH'] ?? '/dev/termination-log', complain);
  }
  try {
    return await work(config, signal);
  } catch (error) {
    if (error instanceof EnvironmentError) return await refuse(error, config.resultPath, complain);
    complain(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    await reportFailure(config.resultPath, 'Internal', error, complain);
    return EXIT_CODES.failed;
  }
}

async function refuse(
  error: EnvironmentError,
  resultPath: string,
  complain: RunOptions['complain'],
): Promise<ExitCode> {
  complain(`The recorder's environment is wrong.\n${error.message}\n`);
  await reportFailure(resultPath, 'BadConfiguration', error, complain);
  return EXIT_CODES.badConfiguration;
}

async function record(config: RecorderConfig, earlier: EarlierRuns, signal: AbortSignal): Promise<ExitCode> {
  let context: RecorderContext;
  try {
    context = await createContext(config, await withLastWords(earlier, config.resultPath));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    await writeResult(config.resultPath, failedWithoutMedia('DiskFull').result);
    return EXIT_CODES.diskFull;
  }
  const { recorder, http, log } = context;
  await using server = http;
  log.info({ port: await server.listen() }, 'serving status');
  return await recorder.run(signal);
}

async function withLastWords(earlier: EarlierRuns, resultPath: string): Promise<EarlierRuns> {
  const { lastTermination } = earlier;
  if (lastTermination === undefined) return earlier;
  const message = await takeLastWords(resultPath);
  return message === undefined ? earlier : { ...earlier, lastTermination: { ...lastTermination, message } };
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT';
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
