import { describe, expect, it } from 'vitest';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { ProviderGate } from './provider-gate.ts';

function setup() {
  const clock = new FakeClock();
  const gate = new ProviderGate({ clock });
  const left = (granted: number, asking = 0) => gate.left({ granted, asking });
  return { clock, gate, left };
}

describe('Agora’s quota', () => {
  it('is no limit as long as nothing was refused', () => {
    const { left } = setup();
    expect(left(100, 100)).toBe(Infinity);
  });

  it('is what was granted when one was refused, and one more is tried later and later', () => {
    const { clock, gate, left } = setup();
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      gate.refused(2);
      expect(left(2)).toBe(0);
      waits.push(gate.waitMs);
      clock.jump(gate.waitMs);
      expect([left(2), left(2, 1)]).toEqual([1, 0]);
    }
    expect(waits).toEqual([5000, 10_000, 15_000, 30_000, 60_000, 60_000]);
  });

  it('is waited for once when several that asked at the same time are refused', () => {
    const { clock, gate, left } = setup();
    for (let asking = 5; asking-- > 0;) {
      gate.refused(5);
      expect(left(5, asking)).toBe(0 - asking);
    }
    expect(gate.waitMs).toBe(5000);
    clock.jump(5000);
    gate.refused(5);
    expect(gate.waitMs).toBe(10_000);
  });

  it('is known exactly also when of several that asked at once one is granted after another was refused', () => {
    const { clock, gate, left } = setup();
    gate.refused(1);
    expect(gate.granted(2)).toBe(false);
    expect([left(2), left(1)]).toEqual([0, 1]);
    expect(gate.waitMs).toBe(5000);
    clock.jump(5000);
    expect(left(2)).toBe(1);
  });

  it('has room at once for as many as have ended, those that nobody counted among them', () => {
    const { gate, left } = setup();
    gate.refused(5);
    expect(left(4)).toBe(1);
    expect(left(3)).toBe(2);
    gate.freed();
    expect(left(5)).toBe(1);
  });

  it('that is larger than it was is found by twice as many each time', () => {
    const { clock, gate, left } = setup();
    gate.refused(0);
    clock.jump(gate.waitMs);
    const tried: number[] = [];
    let granted = 0;
    for (let round = 0; round < 4; round++) {
      const more = left(granted);
      tried.push(more);
      for (let i = 0; i < more; i++) gate.granted(++granted);
    }
    expect(tried).toEqual([1, 2, 4, 8]);
    gate.refused(granted);
    expect(gate.waitMs).toBe(5000);
    clock.jump(5000);
    expect(left(granted)).toBe(1);
  });

  it('is asked for soon again where a push has ended and its room was refused', () => {
    const { clock, gate } = setup();
    for (let i = 0; i < 5; i++) {
      gate.refused(5);
      if (i < 4) clock.jump(gate.waitMs);
    }
    expect(gate.waitMs).toBe(60_000);
    gate.refused(4);
    expect(gate.waitMs).toBe(5000);
  });

  it('is not known any more when nothing was refused for long', () => {
    const { clock, gate, left } = setup();
    gate.refused(5);
    clock.jump(600_001);
    expect(left(5)).toBe(Infinity);
    gate.refused(5);
    expect(gate.waitMs).toBe(5000);
  });
});
