import { describe, expect, it } from 'vitest';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { ProviderGate } from './provider-gate.ts';

describe('Agora’s quota', () => {
  it('is asked for later and later while it is used up, and from the start once it was granted', () => {
    const clock = new FakeClock();
    const gate = new ProviderGate({ clock });
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      gate.refused();
      waits.push(gate.waitMs);
      clock.jump(gate.waitMs);
      expect(gate.isOpen()).toBe(true);
    }
    expect(waits).toEqual([5000, 10_000, 15_000, 30_000, 60_000, 60_000]);
    gate.granted();
    gate.refused();
    expect(gate.waitMs).toBe(5000);
  });

  it('is asked for at once when a push has ended', () => {
    const gate = new ProviderGate({ clock: new FakeClock() });
    gate.refused();
    expect(gate.isOpen()).toBe(false);
    gate.freed();
    expect(gate.isOpen()).toBe(true);
  });
});
