import { describe, expect, it } from 'vitest';
import { PHASES, planOf } from './plan.ts';

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe('the plan of a seed', () => {
  it('is always the same', () => {
    expect(seeds.map(planOf)).toEqual(seeds.map(planOf));
  });

  it('comes to every fault and every phase', () => {
    const plans = seeds.map(planOf);
    expect(new Set(plans.map(({ phase }) => phase))).toEqual(new Set(PHASES));
    const faults = new Set(plans.map(({ fault }) => fault));
    for (const fault of ['kill-recorder', 'kill-ffmpeg', 's3-hang', 's3-long-down', 'rtmp-half-open']) {
      expect(faults).toContain(fault);
    }
  });
});
