import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from './faults/names.ts';
import { cellText, chaosOptions } from './options.ts';
import { PHASES } from './phases.ts';

describe("chaos's options", () => {
  it('tries everything unless told otherwise', () => {
    const { cells, seed, run } = chaosOptions([]);
    expect({ seed, run }).toEqual({ seed: 1, run: true });
    expect(cells).toHaveLength(FAULT_NAMES.length * PHASES.length);
    expect(new Set(cells.map(cellText)).size).toBe(cells.length);
  });

  it('takes some faults and phases, in their usual order', () => {
    const { cells } = chaosOptions(['--faults', 'drain, recorder-killed', '--phases', 'Stopping,Pending']);
    expect(cells.map(cellText)).toEqual([
      'recorder-killed/Pending',
      'recorder-killed/Stopping',
      'drain/Pending',
      'drain/Stopping',
    ]);
  });

  it('takes single cells', () => {
    const { cells } = chaosOptions(['--only', 'drain/Pending,recorder-killed/Stopping']);
    expect(cells.map(cellText)).toEqual(['recorder-killed/Stopping', 'drain/Pending']);
  });

  it('refuses what it does not know and says what there is', () => {
    expect(() => chaosOptions(['--faults', 'meteor'])).toThrow('recorder-killed');
    expect(() => chaosOptions(['--only', 'drain/Sleeping'])).toThrow('drain/Pending');
    expect(() => chaosOptions(['--only', 'drain/Pending', '--faults', 's3-down'])).toThrow(
      '--only does not take drain/Pending',
    );
    expect(() => chaosOptions(['--exposure', 'tunnel'])).toThrow('nodePort');
    expect(() => chaosOptions(['--seed', 'x'])).toThrow('--seed takes a whole number');
  });
});
