import { describe, expect, it } from 'vitest';
import { notReady } from './not-ready.ts';
import { NOW_MS, config, passOf, podOf, recordingOf, worldOf } from './testing/build.ts';

describe('how often a recorder that does not start is tried on another node', () => {
  const outcome = (attempt: number, attemptsRefused?: number) => {
    const refused = attemptsRefused === undefined ? {} : { attemptsRefused };
    const recording = recordingOf({ status: { phase: 'Starting', attempt, ...refused } });
    const pod = podOf(recording, { status: { conditions: [] } });
    const pass = passOf(recording, { pod, nowMs: NOW_MS + config.startTimeoutSeconds * 1000 });
    notReady(pass, worldOf(), pod);
    return pass.recorder?.is === 'lost' ? 'tried again' : pass.status.value.reason;
  };

  it('is three times', () => {
    expect([1, 2, 3, 4].map((attempt) => outcome(attempt))).toEqual([
      'tried again',
      'tried again',
      'tried again',
      'StartTimeout',
    ]);
  });

  it('does not count attempts for which Agora had no room', () => {
    expect([outcome(40, 39), outcome(42, 39), outcome(43, 39)]).toEqual([
      'tried again',
      'tried again',
      'StartTimeout',
    ]);
  });
});

describe('a recorder that has listened and is not ready', () => {
  it('is said to be away, not to be started again: it may hang', () => {
    const status = { phase: 'Recording', attempt: 1, startedAt: '2026-01-01T00:00:00Z' } as const;
    const recording = recordingOf({ status: { ...status, ingest: { url: 'rtmp://10.0.0.1:1935/live' } } });
    const pod = podOf(recording, { status: { conditions: [] } });
    const pass = passOf(recording, { pod, nowMs: NOW_MS });
    notReady(pass, worldOf(), pod);
    expect(pass.recorder).not.toMatchObject({ is: 'lost' });
    expect(pass.status.value).toMatchObject({
      phase: 'Recording',
      reason: 'Reconnecting',
      message: 'The recorder is not ready. Started again in place if need be, it goes on where it was',
    });
  });
});
