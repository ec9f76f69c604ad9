import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from './faults/names.ts';
import { chaosOptions } from './options.ts';
import { PHASES } from './phases.ts';

describe("chaos's options", () => {
  it('tries everything unless told otherwise', () => {
    expect(chaosOptions([])).toMatchObject({ faults: FAULT_NAMES, phases: PHASES, seed: 1, run: true });
  });

  it('takes some faults and phases, in their usual order', () => {
    const options = chaosOptions(['--faults', 'drain, recorder-killed', '--phases', 'Stopping,Pending']);
    expect(options).toMatchObject({ faults: ['recorder-killed', 'drain'], phases: ['Pending', 'Stopping'] });
  });

  it('refuses what it does not know and says what there is', () => {
    expect(() => chaosOptions(['--faults', 'meteor'])).toThrow('recorder-killed');
    expect(() => chaosOptions(['--seed', 'x'])).toThrow('--seed takes a whole number');
  });
});
