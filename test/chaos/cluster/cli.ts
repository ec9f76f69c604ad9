import { say, secondsSince } from '../../cluster/progress.ts';
import { writeReport } from '../../report/report.ts';
import { seededRandom } from '../recorder/random.ts';
import type { Cell } from './cell.ts';
import { writeDocs } from './docs-page.ts';
import { FAULT_NAMES } from './faults/names.ts';
import { LogCheck } from './logs.ts';
import { chaosOptions, USAGE } from './options.ts';
import type { ChaosOptions } from './options.ts';
import { planRounds } from './plan.ts';
import type { Round } from './plan.ts';
import { runRound } from './round.ts';
import { setUp } from './set-up.ts';
import { table } from './table.ts';
import { messageOf } from './verdict.ts';

/** Returns the exit code. */
async function chaos(options: ChaosOptions, signal: AbortSignal): Promise<number> {
  const startedAt = new Date().toISOString();
  const began = performance.now();
  const run = Date.now().toString(36);
  const cells = await runAll(planRounds({ ...options, run }), options, signal);
  const failed = cells.filter(({ ok }) => !ok);
  say(`\n${table(cells)}\n`);
  for (const { fault, phase, note } of failed) say(`${fault} while ${phase}: ${note.slice(0, 1500)}`);
  const figures = {
    cells: cells.length,
    cellsFailed: failed.length,
    packetsLost: cells.reduce((sum, cell) => sum + cell.packetsLost, 0),
    leftovers: cells.reduce((sum, cell) => sum + cell.leftovers, 0),
  };
  const details = { seed: options.seed, seconds: Number(secondsSince(began)), cells };
  const report = await writeReport('chaos', { startedAt, figures, details });
  const cut = signal.aborted ? 'Interrupted: ' : '';
  say(`${cut}${cells.length} cells in ${secondsSince(began)} s, ${failed.length} failed: see ${report}.`);
  return failed.length === 0 && cells.length > 0 && !signal.aborted ? 0 : 1;
}

async function runAll(rounds: readonly Round[], options: ChaosOptions, signal: AbortSignal): Promise<Cell[]> {
  const cells: Cell[] = [];
  await using world = await setUp(options);
  const logs = new LogCheck({ evidence: world.evidence });
  for (const [index, round] of rounds.entries()) {
    if (signal.aborted) break;
    const began = performance.now();
    // The same moments, whichever other faults are tried.
    const number = FAULT_NAMES.indexOf(round.faults[0]?.name ?? 'drain');
    const random = seededRandom(options.seed * 1000 + number);
    const names = round.faults.map(({ name }) => name).join(', ');
    say(`\n${index + 1} of ${rounds.length}: ${names}`);
    try {
      cells.push(...(await runRound(round, { world, logs, random, signal })));
    } catch (error) {
      if (signal.aborted) break;
      // It could not be brought about at all: that is a failure of each of its cells.
      const note = messageOf(error);
      for (const { fault, phase } of round.subjects)
        cells.push({ fault, phase, ok: false, seconds: 0, packetsLost: 0, leftovers: 0, note });
      say(`   ✗ ${note}`);
    }
    say(`   ${secondsSince(began)} s`);
  }
  return cells;
}

try {
  const options = chaosOptions(process.argv.slice(2));
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  if (options.help) say(USAGE);
  else {
    if (options.run) process.exitCode = await chaos(options, interrupt.signal);
    if (options.writeDocs) say(`Written: ${await writeDocs()}`);
  }
} catch (error) {
  say(`It could not be run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
