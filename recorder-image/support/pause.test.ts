import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { pause } from './pause.ts';

const LONG_MS = 3_600_000;

describe('a pause', () => {
  it('is over after its time, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    await pause(1, [signal]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('is over as soon as one of the signals is aborted', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const paused = pause(LONG_MS, [one.signal, other.signal]);
    other.abort(new Error('no matter what'));
    await paused;
    expect(getEventListeners(one.signal, 'abort')).toHaveLength(0);
  });

  it('does not begin when one is aborted already', async () => {
    await pause(LONG_MS, [AbortSignal.abort()]);
    expect.assertions(0);
  });
});
