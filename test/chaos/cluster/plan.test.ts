import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from './faults/names.ts';
import { PHASES } from './phases.ts';
import { planRounds } from './plan.ts';

const cells = FAULT_NAMES.flatMap((fault) => PHASES.map((phase) => ({ fault, phase })));
const rounds = planRounds({ cells, parallel: 3, run: 'x1' });

describe('the plan of a chaos run', () => {
  it('comes to each fault in each phase once', () => {
    const planned = rounds.flatMap(({ subjects }) => subjects.map(({ fault, phase }) => `${fault} ${phase}`));
    expect(planned).toHaveLength(FAULT_NAMES.length * PHASES.length);
    expect(new Set(planned).size).toBe(planned.length);
  });

  it('never has anything beside a fault of the whole cluster', () => {
    for (const { faults } of rounds)
      if (faults.some(({ scope }) => scope === 'cluster')) expect(faults).toHaveLength(1);
    expect(Math.max(...rounds.map(({ faults }) => faults.length))).toBe(3);
  });

  it('leaves no slot for those that are to be Pending', () => {
    for (const { subjects, slots } of rounds)
      expect(slots).toBe(subjects.filter(({ phase }) => phase !== 'Pending').length);
    const [only] = planRounds({ cells: [{ fault: 'drain', phase: 'Pending' }], parallel: 1, run: 'x1' });
    expect(only?.slots).toBe(1);
  });

  it('gives recordings names that the API server takes', () => {
    for (const { name } of rounds.flatMap(({ subjects }) => subjects)) {
      expect(name).toMatch(/^[a-z0-9-]+$/);
      expect(name.length).toBeLessThanOrEqual(58);
    }
  });
});
