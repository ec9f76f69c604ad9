import type { Cell } from './run-cell.ts';

/** A line for each fault in each phase: how many recordings were tried, and how many failed. */
export function table(cells: readonly Cell[]): string {
  const kinds = Map.groupBy(cells, ({ fault, phase }) => `${fault.padEnd(28)}${phase}`);
  const lines = [...kinds].map(([kind, members]) => {
    const failed = members.filter(({ ok }) => !ok).length;
    const lost = members.reduce((sum, cell) => sum + cell.packetsLost, 0);
    return `${kind.padEnd(44)}${count(members.length)}${count(failed)}${count(lost)}`;
  });
  const heading = `${'fault'.padEnd(28)}${'phase'.padEnd(16)}${['runs', 'failed', 'lost'].map((name) => name.padStart(8)).join('')}`;
  return [heading, ...lines.sort()].join('\n');
}

function count(value: number): string {
  return String(value).padStart(8);
}
