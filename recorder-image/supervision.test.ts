import { describe, expect, it } from 'vitest';
import { supervisionFrom } from './supervision.ts';

describe('what the supervisor tells', () => {
  it('is nothing to the first recorder of a container', () => {
    expect(supervisionFrom([])).toEqual({ stopped: false, restarts: 0 });
    expect(supervisionFrom(['--help'])).toEqual({ stopped: false, restarts: 0 });
  });

  it('is how the one before ended, by which signal, and that the stop has come', () => {
    const args = ['--stopped', '--restarts=2', '--last-exit-code=137', '--last-ended-at=1767225600'];
    expect(supervisionFrom(args)).toEqual({
      stopped: true,
      restarts: 2,
      lastTermination: { exitCode: 137, signal: 'SIGKILL', at: '2026-01-01T00:00:00.000Z' },
    });
  });

  it('names no signal where there was none', () => {
    const args = ['--restarts=1', '--last-exit-code=1', '--last-ended-at=1767225600'];
    expect(supervisionFrom(args).lastTermination).toEqual({ exitCode: 1, at: '2026-01-01T00:00:00.000Z' });
  });
});
