import { describe, expect, it } from 'vitest';
import { waitFor, WaitTimeoutError } from './wait-for.ts';

describe('waitFor', () => {
  it('asks again until there is an answer, through errors and empty answers', async () => {
    const answers = [
      () => undefined,
      () => false as const,
      () => {
        throw new Error('not yet');
      },
      () => Promise.resolve(7),
    ];
    let asked = 0;
    const probe = (): undefined | false | Promise<number> => answers[asked++]?.();
    expect(await waitFor(probe, { what: 'seven', intervalMs: 1 })).toBe(7);
    expect(asked).toBe(4);
  });

  it('takes 0 and the empty string for answers', async () => {
    expect(await waitFor(() => 0, { what: 'zero' })).toBe(0);
    expect(await waitFor(() => '', { what: 'nothing' })).toBe('');
  });

  it('says what it waited for, and what was in the way', async () => {
    const cause = new Error('connection refused');
    const waiting = waitFor(() => Promise.reject(cause), { what: 'the server', timeoutMs: 5, intervalMs: 1 });
    await expect(waiting).rejects.toThrow(WaitTimeoutError);
    await expect(waiting).rejects.toMatchObject({ message: 'waited 5 ms for the server', cause });
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const waiting = waitFor(() => undefined, { what: 'never', signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
