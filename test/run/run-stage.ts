import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { countTests } from './vitest-report.ts';
import type { Counts } from './vitest-report.ts';
import type { Stage } from './stages.ts';

/** Runs a stage with its output on ours. Never throws for a stage that fails: that is a count. */
export async function runStage(stage: Stage, outDirectory: string, signal: AbortSignal): Promise<Counts> {
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
  if (!stage.vitest) return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const counts = await readReport(report);
  // Unhandled errors outside any test fail the run without failing a test.
  if (code !== 0 && counts.failed === 0) return { ...counts, failed: 1 };
  return counts;
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

async function readReport(file: string): Promise<Counts> {
  try {
    return countTests(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    process.stderr.write(`the run left no report: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  }
}
