import { loadavg } from 'node:os';
import { say, secondsSince } from '../../cluster/progress.ts';
import { writeReport } from '../../report/report.ts';
import { chaosOptions, USAGE } from './options.ts';
import type { ChaosOptions } from './options.ts';
import { planOf } from './plan.ts';
import { runCell } from './run-cell.ts';
import type { CellWorld } from './cell-world.ts';
import type { Cell } from './run-cell.ts';
import { table } from './table.ts';
import { openChaosWorld } from './world.ts';

/** Returns the exit code. */
async function chaos(options: ChaosOptions): Promise<number> {
  const startedAt = new Date().toISOString();
  const began = performance.now();
  await using world = await openChaosWorld();
  const cells = await runAll(options, world);
  const failed = cells.filter(({ ok }) => !ok);
  say(`\n${table(cells)}\n`);
  for (const { seed, format, fault, phase, note } of failed)
    say(`seed ${seed}: ${format}, ${fault} while ${phase}: ${note}`);
  const figures = {
    cells: cells.length,
    cellsFailed: failed.length,
    packetsLost: cells.reduce((sum, cell) => sum + cell.packetsLost, 0),
    packetsAcknowledged: cells.reduce((sum, cell) => sum + cell.acknowledged, 0),
    leftovers: cells.reduce((sum, cell) => sum + cell.leftovers, 0),
    seconds: Math.round((performance.now() - began) / 1000),
  };
  const load = loadavg().map((value) => Math.round(value * 10) / 10);
  const report = await writeReport('chaos-recorder', { startedAt, figures, details: { cells, load } });
  say(`${cells.length} recordings in ${secondsSince(began)} s, ${failed.length} failed: see ${report}.`);
  return failed.length === 0 && cells.length > 0 ? 0 : 1;
}

async function runAll(options: ChaosOptions, world: CellWorld): Promise<Cell[]> {
  const began = performance.now();
  const cells: Cell[] = [];
  let next = options.from;
  const worker = async (): Promise<void> => {
    while (next < options.from + options.runs && performance.now() - began < options.limitMs) {
      const plan = planOf(next, options.outageMs);
      next += 1;
      const cell = await runCell(plan, world);
      cells.push(cell);
      const { ok, seed, format, fault, phase, seconds } = cell;
      say(` ${ok ? '✓' : '✗'} seed ${seed}: ${format}, ${fault} while ${phase} (${seconds} s)`);
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  return cells.sort((a, b) => a.seed - b.seed);
}

try {
  const options = chaosOptions(process.argv.slice(2));
  if (options.help) say(USAGE);
  else process.exitCode = await chaos(options);
} catch (error) {
  say(`It could not be run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
