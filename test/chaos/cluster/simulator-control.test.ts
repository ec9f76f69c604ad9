import { describe, expect, it } from 'vitest';
import type { FaultInput } from '../../agora-simulator/faults.ts';
import { untouchedOf } from './simulator-control.ts';

const refused = { kind: 'status', status: 500 } as const;
const create = (channel: string, count?: number): FaultInput => ({
  match: { operation: 'create', channel },
  fault: refused,
  ...(count !== undefined && { count }),
});

describe('what was arranged with the simulator', () => {
  it('has come about when it waits less often than it was arranged, or not at all any more', () => {
    expect(untouchedOf([create('a', 3)], [create('a', 2), create('b', 3)])).toEqual([]);
    expect(untouchedOf([create('a', 3)], [])).toEqual([]);
  });

  it('has not, when it waits as it was arranged', () => {
    expect(untouchedOf([create('a', 3)], [create('a', 3)])).toEqual([create('a', 3)]);
    // The simulator counts also where nobody has said how often.
    expect(untouchedOf([create('a')], [create('a', 1)])).toEqual([create('a')]);
  });
});
