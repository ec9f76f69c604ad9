import { describe, expect, it } from 'vitest';
import { waitFor } from '../../test/support/wait-for.ts';
import { Succession } from './succession.ts';

const MINUTE = 60_000;

/** A clock that is set by hand, and a publisher that has sent something just now. */
function scene() {
  let now = 1_000_000;
  const incumbent = {
    last: now,
    over: false,
    drained: 0,
    hurried: 0,
    lastMediaAt: () => incumbent.last,
    gone: () => incumbent.over,
    drain: () => {
      incumbent.drained += 1;
      return Promise.resolve();
    },
    hurry: () => {
      incumbent.hurried += 1;
    },
  };
  const pass = (ms: number): void => {
    now += ms;
  };
  const sends = (): void => {
    incumbent.last = now;
  };
  return { succession: new Succession({ now: () => now }), incumbent, pass, sends };
}

describe('a newcomer with the right key', () => {
  it('takes over at once, and what the one before it had sent is taken first', async () => {
    const { succession, incumbent } = scene();
    expect(await succession.mayTakeOver(incumbent)).toBe(true);
    expect(incumbent.drained).toBe(1);
  });

  it('takes over from one that is silent, as often as it comes', async () => {
    const { succession, incumbent, pass } = scene();
    pass(2000);
    for (let time = 0; time < 5; time += 1) expect(await succession.mayTakeOver(incumbent)).toBe(true);
    expect(incumbent.hurried).toBe(0);
  });

  it('does not take over from one that has just displaced a live one, and sends', async () => {
    const { succession, incumbent, pass, sends } = scene();
    expect(await succession.mayTakeOver(incumbent)).toBe(true);
    // It comes back every two minutes, and never gets in.
    for (let time = 0; time < 20; time += 1) {
      pass(2 * MINUTE);
      sends();
      const answer = succession.mayTakeOver(incumbent);
      await waitFor(() => incumbent.hurried > time, { what: 'the newcomer to wait', intervalMs: 5 });
      pass(100);
      sends();
      expect(await answer).toBe(false);
    }
    // It has given up; whoever comes after that is somebody else.
    pass(5 * MINUTE);
    sends();
    expect(await succession.mayTakeOver(incumbent)).toBe(true);
  });

  it.each(['falls silent', 'goes'])('takes over in that time from one that %s', async (how) => {
    const { succession, incumbent, pass } = scene();
    expect(await succession.mayTakeOver(incumbent)).toBe(true);
    const answer = succession.mayTakeOver(incumbent);
    await waitFor(() => incumbent.hurried > 0, { what: 'the newcomer to wait', intervalMs: 5 });
    if (how === 'goes') incumbent.over = true;
    else pass(2000);
    expect(await answer).toBe(true);
  });
});
