import { secondsSince } from '../../cluster/progress.ts';
import { writeReport } from '../../report/report.ts';
import type { Cell } from './cell.ts';
import type { ChaosOptions } from './options.ts';

export interface Run {
  readonly options: Pick<ChaosOptions, 'seed' | 'exposure'>;
  readonly startedAt: string;
  /** A reading of `performance.now()`. */
  readonly began: number;
}

/** Writes the report of the cells that are done. Returns its path. */
export async function writeChaosReport(cells: readonly Cell[], run: Run): Promise<string> {
  const { options, startedAt, began } = run;
  const { seed, exposure } = options;
  const details = { seed, exposure, seconds: Number(secondsSince(began)), cells };
  return await writeReport('chaos', { startedAt, figures: figuresOf(cells), details });
}

export function figuresOf(cells: readonly Cell[]): Record<string, number> {
  const sum = (figure: 'packetsLost' | 'packetsLostWithNode' | 'leftovers'): number =>
    cells.reduce((sum, cell) => sum + cell[figure], 0);
  return {
    cells: cells.length,
    cellsFailed: cells.filter(({ ok }) => !ok).length,
    packetsLost: sum('packetsLost'),
    packetsLostWithNode: sum('packetsLostWithNode'),
    leftovers: sum('leftovers'),
  };
}
