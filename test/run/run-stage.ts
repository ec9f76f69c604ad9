import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { readOutcome } from './vitest-report.ts';
import type { Outcome } from './vitest-report.ts';
import type { Stage } from './stages.ts';

/** Runs a stage with its output on ours. Never throws for a stage that fails: that is a count. */
export async function runStage(stage: Stage, outDirectory: string, signal: AbortSignal): Promise<Outcome> {
  const report = `${outDirectory}/${stage.group}.json`;
  const [program = '', ...args] = stage.command;
  if (stage.vitest) {
    await mkdir(outDirectory, { recursive: true });
    await rm(report, { force: true });
    args.push(
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      '--passWithNoTests=false',
    );
  }
  const code = await exitCode(program, args, signal);
  if (!stage.vitest)
    return code === 0 ? { passed: 1, failed: 0, failures: [] } : failure(`exit code ${code}`);
  const outcome = await readReport(report);
  // Unhandled errors outside any test fail the run without failing a test.
  if (code !== 0 && outcome.failed === 0) {
    return { ...outcome, failed: 1, failures: [`exit code ${code} though no test failed`] };
  }
  return outcome;
}

async function exitCode(program: string, args: string[], signal: AbortSignal): Promise<number> {
  // The whole process group gets a terminal's Ctrl-C; the signal here is for a SIGTERM to this process alone.
  const child = spawn(program, args, { stdio: 'inherit' });
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.removeEventListener('abort', stop);
  return code ?? 1;
}

async function readReport(file: string): Promise<Outcome> {
  try {
    return readOutcome(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    return failure(`the run left no report: ${String(error)}`);
  }
}

const failure = (said: string): Outcome => ({ passed: 0, failed: 1, failures: [said] });
