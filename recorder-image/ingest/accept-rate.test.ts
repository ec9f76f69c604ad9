import { describe, expect, it } from 'vitest';
import { AcceptRate } from './accept-rate.ts';

function rate(): { rate: AcceptRate; pass: (ms: number) => void } {
  let now = 0;
  return {
    rate: new AcceptRate(() => now),
    pass: (ms) => {
      now += ms;
    },
  };
}

/** How many of so many come in. */
const count = (tries: number, allows: () => boolean): number =>
  Array.from({ length: tries }, allows).filter(Boolean).length;

describe('the rate of connections', () => {
  it('is 200 a second for one network, and 1,000 for all', () => {
    const { rate: door, pass } = rate();
    expect(count(500, () => door.allowsFrom('a'))).toBe(200);
    expect(count(5000, () => door.allows())).toBe(1000);
    pass(500);
    expect(count(500, () => door.allowsFrom('a'))).toBe(100);
    expect(count(5000, () => door.allows())).toBe(500);
    pass(60_000);
    expect(count(500, () => door.allowsFrom('a'))).toBe(200);
    expect(count(5000, () => door.allows())).toBe(1000);
  });

  it('of one network is no matter of another, whichever came first', () => {
    const { rate: door, pass } = rate();
    for (let second = 0; second < 5; second += 1) {
      expect(count(1000, () => door.allowsFrom('loud'))).toBe(200);
      expect(count(150, () => door.allowsFrom('quiet'))).toBe(150);
      pass(1000);
    }
  });

  it('holds for a network that comes again and again', () => {
    const { rate: door, pass } = rate();
    let taken = 0;
    for (let ms = 0; ms < 10_000; ms += 2) {
      if (door.allowsFrom('steady')) taken += 1;
      pass(2);
    }
    // What it had saved, and 200 for each of ten seconds.
    expect(taken).toBeGreaterThan(2150);
    expect(taken).toBeLessThanOrEqual(2200);
  });
});
