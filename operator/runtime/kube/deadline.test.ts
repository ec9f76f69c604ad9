import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline } from './deadline.ts';

describe('the deadline of a call', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('comes when its time is over', () => {
    using deadline = new Deadline(1000, undefined);
    vi.advanceTimersByTime(999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('comes with the signal that it was given, for the same reason', () => {
    const outer = new AbortController();
    using deadline = new Deadline(1000, outer.signal);
    const reason = new Error('stopping');
    outer.abort(reason);
    expect(deadline.signal.reason).toBe(reason);
    using late = new Deadline(1000, outer.signal);
    expect(late.signal.reason).toBe(reason);
  });

  it('never comes once it was disposed of', () => {
    const outer = new AbortController();
    const deadline = new Deadline(1000, outer.signal);
    deadline[Symbol.dispose]();
    outer.abort();
    vi.advanceTimersByTime(2000);
    expect(deadline.signal.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
