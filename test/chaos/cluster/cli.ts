import { say, secondsSince } from '../../cluster/progress.ts';
import { runCampaign } from './campaign.ts';
import type { Cell } from './cell.ts';
import { writeChaosReport } from './chaos-report.ts';
import type { Run } from './chaos-report.ts';
import { writeDocs } from './docs-page.ts';
import { LogCheck } from './logs.ts';
import { messageOf } from './message-of.ts';
import { cellText, chaosOptions, USAGE } from './options.ts';
import type { ChaosOptions } from './options.ts';
import { runRound } from './round.ts';
import { setUp } from './set-up.ts';
import { table } from './table.ts';

const MISUSED = 2;
const INTERRUPTED = 130;

/** Returns the exit code. */
async function chaos(options: ChaosOptions, signal: AbortSignal): Promise<number> {
  const run: Run = { options, startedAt: new Date().toISOString(), began: performance.now() };
  const cells = await runAll(options, run, signal);
  if (cells.length > 0) await tell(cells, run);
  if (signal.aborted) {
    say(`Interrupted after ${cells.length} of ${options.cells.length} cells.`);
    return INTERRUPTED;
  }
  return cells.length > 0 && cells.every(({ ok }) => ok) ? 0 : 1;
}

async function runAll(options: ChaosOptions, run: Run, signal: AbortSignal): Promise<Cell[]> {
  await using world = await setUp(options);
  const logs = new LogCheck({ evidence: world.evidence });
  // What was said while everything was being installed is nobody's concern.
  await logs.unexpected([/^/]);
  const onCells = async (cells: readonly Cell[]): Promise<void> => void (await writeChaosReport(cells, run));
  return await runCampaign({
    runRound: (round, random) => runRound(round, { world, logs, random, signal }),
    options,
    signal,
    say,
    onCells,
  });
}

async function tell(cells: readonly Cell[], run: Run): Promise<void> {
  const failed = cells.filter(({ ok }) => !ok);
  say(`\n${table(cells)}\n`);
  for (const cell of failed) say(`${cellText(cell)}: ${cell.note.slice(0, 1500)}`);
  const report = await writeChaosReport(cells, run);
  say(`${cells.length} cells in ${secondsSince(run.began)} s, ${failed.length} failed: see ${report}.`);
  if (failed.length > 0) say(`Once more: make chaos ARGS='--only ${failed.map(cellText).join(',')}'`);
}

async function main(): Promise<number> {
  let options: ChaosOptions;
  try {
    options = chaosOptions(process.argv.slice(2));
  } catch (error) {
    say(messageOf(error));
    return MISUSED;
  }
  if (options.help) {
    say(USAGE);
    return 0;
  }
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const code = options.run ? await chaos(options, interrupt.signal) : 0;
  if (options.writeDocs && !interrupt.signal.aborted) say(`Written: ${await writeDocs()}`);
  return code;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`It could not be run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
