import type { Cell } from './cell.ts';
import { PHASES } from './phases.ts';

const NAME = 24;
const COLUMN = 16;

/** A line for each fault, a column for each phase: whether all was well, and after how many seconds. */
export function table(cells: readonly Cell[]): string {
  const heading = ['fault'.padEnd(NAME), ...PHASES.map((phase) => phase.padEnd(COLUMN))].join('');
  const lines = [...Map.groupBy(cells, ({ fault }) => fault)].map(([fault, members]) => {
    const columns = PHASES.map((phase) => shown(members.find((cell) => cell.phase === phase)).padEnd(COLUMN));
    return fault.padEnd(NAME) + columns.join('');
  });
  return [heading, ...lines].map((line) => line.trimEnd()).join('\n');
}

function shown(cell: Cell | undefined): string {
  if (cell === undefined) return '–';
  return `${cell.ok ? '✓' : '✗ FAILED'} ${cell.seconds.toFixed(1)} s`;
}
