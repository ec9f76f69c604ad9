import { describe, expect, it } from 'vitest';
import { laterTermination, lastTermination, terminationInPlace } from './last-termination.ts';
import { NOW, liveStatus, podOf, recordingOf } from './testing/build.ts';

const recording = recordingOf();
const running = { running: {} };
const terminated = (exitCode: number, message = '') => ({
  terminated: { exitCode, message, finishedAt: NOW },
});
const failed = (outcome: object): string => JSON.stringify({ outcome: 'failed', ...outcome });

describe('how the container last ended', () => {
  it('tells the words it left, and the node', () => {
    const pod = podOf(recording, { container: { state: running, lastState: terminated(1, 'out of luck') } });
    const expected = { exitCode: 1, reason: 'Unknown', message: 'out of luck', node: 'node-1', at: NOW };
    expect(lastTermination(pod, NOW)).toEqual(expected);
  });

  it('does not repeat the result', () => {
    const result = failed({ reason: 'NoPublisher', error: { code: 'NoPublisher', message: 'nobody came' } });
    const pod = podOf(recording, { container: { state: terminated(10, result) } });
    expect(lastTermination(pod, NOW)).toMatchObject({ exitCode: 10, message: '' });
  });

  it('tells what it said of its fault', () => {
    const fault = failed({ reason: 'Internal', error: { code: 'Internal', message: 'out of luck' } });
    const pod = podOf(recording, { container: { state: terminated(1, fault) } });
    expect(lastTermination(pod, NOW)).toMatchObject({ exitCode: 1, message: 'out of luck' });
  });

  it('tells why the pod ended when the kubelet says nothing of the container', () => {
    const pod = podOf(recording, {
      status: { phase: 'Failed', reason: 'Evicted', message: 'disk pressure' },
    });
    expect(lastTermination(pod, NOW)).toMatchObject({
      exitCode: 137,
      reason: 'Evicted',
      message: 'disk pressure',
    });
  });

  it('was when it was first seen, where nobody says when it was', () => {
    const pod = podOf(recording, {
      status: { phase: 'Failed', reason: 'Evicted', message: 'disk pressure' },
    });
    const first = lastTermination(pod, NOW);
    expect(lastTermination(pod, '2026-01-01T00:01:00Z', first)).toEqual(first);
    const other = { exitCode: 1, reason: 'Error', message: '', at: NOW, node: 'node-1' };
    expect(lastTermination(pod, '2026-01-01T00:01:00Z', other)?.at).toBe('2026-01-01T00:01:00Z');
  });

  it('is nothing while it has not ended', () => {
    expect(lastTermination(podOf(recording, { container: { state: running } }), NOW)).toBeUndefined();
  });
});

describe('how a recorder ended that was started again in its container', () => {
  const pod = podOf(recording, { container: { state: running } });

  it('tells the signal, how often it was, and the node', () => {
    const live = liveStatus({
      restarts: 2,
      lastTermination: { exitCode: 137, signal: 'SIGKILL', at: NOW },
    });
    expect(terminationInPlace(live, pod)).toEqual({
      exitCode: 137,
      reason: 'SIGKILL',
      message: 'Started again in its container, 2 times so far.',
      at: NOW,
      node: 'node-1',
    });
  });

  it('tells its last words', () => {
    const live = liveStatus({
      restarts: 1,
      lastTermination: { exitCode: 1, message: 'out of luck', at: NOW },
    });
    expect(terminationInPlace(live, pod)).toMatchObject({
      reason: 'Error',
      message: 'Started again in its container, once so far. out of luck',
    });
  });

  it('is nothing where there was none, or the recorder is of an older version', () => {
    expect(terminationInPlace(liveStatus({ restarts: 0 }), pod)).toBeUndefined();
    expect(terminationInPlace(liveStatus(), pod)).toBeUndefined();
  });
});

describe('of two ends', () => {
  const end = (at: string, node = 'node-1') => ({ exitCode: 137, reason: 'Error', message: '', at, node });
  const [earlier, later] = [end('2026-01-01T00:00:00Z'), end('2026-01-01T00:00:01.000Z')];

  it('the later one counts, whichever was heard of first', () => {
    expect(laterTermination(earlier, later)).toBe(later);
    expect(laterTermination(later, earlier)).toBe(later);
    expect(laterTermination(undefined, earlier)).toBe(earlier);
    expect(laterTermination(earlier, undefined)).toBe(earlier);
  });

  it('the new one counts when they were on different nodes, whose clocks may differ', () => {
    const elsewhere = end('2025-12-31T23:59:59Z', 'node-2');
    expect(laterTermination(later, elsewhere)).toBe(elsewhere);
  });
});
