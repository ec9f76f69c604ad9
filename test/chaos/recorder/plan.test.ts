import { describe, expect, it } from 'vitest';
import { PHASES, planOf } from './plan.ts';
import { STORES } from './stores.ts';

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe('the plan of a seed', () => {
  it('is always the same', () => {
    expect(seeds.map(planOf)).toEqual(seeds.map(planOf));
  });

  it('lasts as long as it is told where S3 is away for long', () => {
    const { lastsMs } =
      seeds.map((seed) => planOf(seed, 600_000)).find(({ fault }) => fault === 's3-long-down') ?? {};
    expect(lastsMs).toBe(600_000);
  });

  it('kills an FFmpeg where there is one', () => {
    const killed = seeds.map((seed) => planOf(seed)).filter(({ fault }) => fault === 'kill-ffmpeg');
    expect(new Set(killed.map(({ format }) => format))).toEqual(new Set(['webm']));
  });

  it('comes to every fault and every phase', () => {
    const plans = seeds.map(planOf);
    expect(new Set(plans.map(({ phase }) => phase))).toEqual(new Set(PHASES));
    const faults = new Set(plans.map(({ fault }) => fault));
    expect(new Set(plans.map(({ format }) => format))).toEqual(new Set(['mp4', 'm3u8', 'webm']));
    for (const fault of [
      'kill-recorder',
      'kill-ffmpeg',
      's3-hang',
      's3-long-down',
      'rtmp-half-open',
      'rtmp-move',
      'store-slow-down',
      'codec-g711',
      'forty-takes',
    ]) {
      expect(faults).toContain(fault);
    }
  });

  it('lets a store be as it is all the time', () => {
    const plans = seeds.map((seed) => planOf(seed)).filter(({ fault }) => fault.startsWith('store-'));
    expect(plans.map(({ store }) => `store-${store}`)).toEqual(plans.map(({ fault }) => fault));
    expect(new Set(plans.map(({ store }) => store))).toEqual(new Set(STORES));
  });

  it('says what has to become of it: whole for all it knows, where no recorder is killed', () => {
    const killed = seeds.map((seed) => planOf(seed)).filter(({ expected }) => expected.complete !== true);
    const faults = new Set(killed.map(({ fault }) => fault.replace(/^(store|codec)-.*/, '$1')));
    const kills = ['kill-recorder', 'kill-recorder-at-s3-request', 'store', 'codec', 'forty-takes'];
    expect(faults).toEqual(new Set(kills));
  });

  it('bounds what forty takes may cost', () => {
    const takes = seeds.map((seed) => planOf(seed)).filter(({ fault }) => fault === 'forty-takes');
    expect(takes.length).toBeGreaterThan(0);
    for (const { expected } of takes)
      expect(expected.atMost).toEqual({ endedTakesAtOnce: 2, memoryBytes: 224_000_000 });
  });
});
