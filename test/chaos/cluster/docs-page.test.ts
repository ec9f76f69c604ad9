import { describe, expect, it } from 'vitest';
import { failedCell } from './cell.ts';
import type { Cell } from './cell.ts';
import { figuresOf } from './chaos-report.ts';
import { pageOf } from './docs-page.ts';
import { FAULT_NAMES } from './faults/names.ts';
import { PHASES } from './phases.ts';

const cells = FAULT_NAMES.flatMap((fault) =>
  PHASES.map((phase): Cell => {
    const cell = failedCell({ fault, phase, note: 'Completed StopRequested; more' });
    return { ...cell, ok: true, seconds: 12.5, packetsLostWithNode: 1 };
  }),
);
const reportOf = (cells: Cell[]) => ({
  machine: { cores: 2 },
  startedAt: '2026-11-23T09:30:00.000Z',
  figures: figuresOf(cells),
  details: { seed: 1, exposure: 'podIP', seconds: 1020, cells },
});

describe("the documentation's page", () => {
  it('has a row for each fault, and says what was found', () => {
    const page = pageOf(reportOf(cells));
    for (const fault of FAULT_NAMES)
      expect(page).toContain(`| \`${fault}\` | Completed StopRequested, 12.5 s |`);
    expect(page).toContain(`${cells.length} cells, 0 failed, 0 packets lost`);
    expect(page).toContain(`lost ${cells.length} packets within that`);
    expect(page).toContain('17 minutes');
  });

  it('says which cell has failed', () => {
    const failed = failedCell({
      fault: 'drain',
      phase: 'Pending',
      note: 'it ended as Failed\nfor good; more',
    });
    const page = pageOf(
      reportOf(cells.map((cell) => (cell.fault === 'drain' ? { ...failed, phase: cell.phase } : cell))),
    );
    expect(page).toContain('| `drain` | **failed**, it ended as Failed, 0 s |');
  });

  it('is not written of a part of the matrix', () => {
    expect(() => pageOf(reportOf(cells.slice(1)))).toThrow(`${FAULT_NAMES[0]}/Pending`);
  });
});
