import { describe, expect, it } from 'vitest';
import { RateLimit } from './rate-limit.ts';

function limit(options: { perSecond: number; burst: number; maxBuckets?: number }) {
  const clock = { ms: 0 };
  const { maxBuckets, ...rate } = options;
  const made = new RateLimit({
    rate,
    now: () => clock.ms,
    ...(maxBuckets === undefined ? {} : { maxBuckets }),
  });
  return { clock, made, allowed: (key = 'a') => made.take(key).isAllowed };
}

describe('a rate limit', () => {
  it('lets a burst through, and then the rate', () => {
    const { clock, allowed } = limit({ perSecond: 2, burst: 3 });
    expect([allowed(), allowed(), allowed(), allowed()]).toEqual([true, true, true, false]);
    clock.ms += 499;
    expect(allowed()).toBe(false);
    clock.ms += 1;
    expect([allowed(), allowed()]).toEqual([true, false]);
    clock.ms += 60_000;
    expect([allowed(), allowed(), allowed(), allowed()]).toEqual([true, true, true, false]);
  });

  it('keeps keys apart', () => {
    const { allowed } = limit({ perSecond: 1, burst: 1 });
    expect([allowed('a'), allowed('a'), allowed('b')]).toEqual([true, false, true]);
  });

  it('says after how many seconds there is room', () => {
    const { made, clock } = limit({ perSecond: 0.1, burst: 1 });
    expect(made.take('a')).toEqual({ isAllowed: true, remaining: 0, retryAfterSeconds: 10 });
    clock.ms += 4000;
    expect(made.take('a')).toEqual({ isAllowed: false, remaining: 0, retryAfterSeconds: 6 });
  });

  it('forgets those that were idle the longest rather than growing', () => {
    const { made, allowed } = limit({ perSecond: 1, burst: 1, maxBuckets: 2 });
    allowed('a');
    allowed('b');
    allowed('a');
    for (let index = 0; index < 1000; index += 1) allowed(`key-${index}`);
    expect(made.size).toBe(2);
    expect(allowed('a')).toBe(true);
  });
});
