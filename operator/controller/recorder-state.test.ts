import { describe, expect, it } from 'vitest';
import { lastTermination } from './last-termination.ts';
import { readRecorderState } from './recorder-state.ts';
import { NOW, NOW_MS, podOf, recordingOf } from './testing/build.ts';

const recording = recordingOf();
const running = { running: {} };
const read = (options: Parameters<typeof podOf>[1], nowMs = NOW_MS) =>
  readRecorderState(podOf(recording, options), nowMs);
const deletedAt = (deletionTimestamp: string) => ({ metadata: { deletionTimestamp } });

const completed = JSON.stringify({
  outcome: 'completed',
  reason: 'Stopped',
  bucket: 'b',
  key: 'k',
  url: 's3://b/k',
  sizeBytes: 1,
  format: 'mp4',
});
const failed = (reason: string) =>
  JSON.stringify({ outcome: 'failed', reason, error: { code: reason, message: 'because' } });
const terminated = (exitCode: number, message = '') => ({
  terminated: { exitCode, message, finishedAt: NOW },
});

describe('what a recorder pod is', () => {
  it('listens once it is ready', () => {
    expect(read({ container: { state: running } })).toEqual({ is: 'listening', address: '10.0.0.7' });
  });

  it.each([
    ['nothing is known yet', { scheduled: false }, undefined],
    ['it is on its node', {}, 'RecorderStarting'],
    [
      'no node takes it',
      {
        scheduled: false,
        status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
      },
      'RecorderUnschedulable',
    ],
    [
      'its image is missing',
      { container: { state: { waiting: { reason: 'ImagePullBackOff' } } } },
      'RecorderImagePullFailed',
    ],
    [
      'a Secret is missing',
      { container: { state: { waiting: { reason: 'CreateContainerConfigError' } } } },
      'RecorderStarting',
    ],
  ] as const)('starts while %s', (_what, options, reason) => {
    const state = read(structuredClone(options) as Parameters<typeof podOf>[1]);
    expect(state).toMatchObject({ is: 'starting' });
    expect(state.is === 'starting' && state.trouble?.reason).toBe(reason);
  });

  it('ends with its result', () => {
    const state = read({ container: { state: terminated(0, completed) } });
    expect(state).toMatchObject({ is: 'ended', result: { outcome: 'completed' } });
  });

  it.each([
    [10, 'NoPublisher'],
    [12, 'DiskFull'],
    [13, 'BadConfiguration'],
  ])('ends with exit code %i, also when the kubelet has started it again meanwhile', (exitCode, reason) => {
    const state = read({ container: { state: running, lastState: terminated(exitCode, failed(reason)) } });
    expect(state).toMatchObject({ is: 'ended', result: { outcome: 'failed', reason } });
  });

  it('tries again when S3 refused the file, for as long as its pod may stay', () => {
    const lastState = terminated(11, failed('UploadFailed'));
    expect(read({ container: { state: running, lastState } }).is).toBe('retrying-upload');
    expect(read({ container: { state: terminated(11, failed('UploadFailed')) } }).is).toBe('retrying-upload');
    const leaving = { container: { state: terminated(11, failed('UploadFailed')) }, ...deletedAt(NOW) };
    expect(read(leaving).is).toBe('ended');
  });

  it('starts again in place after it died', () => {
    const state = read({ container: { state: terminated(1, 'oops'), restartCount: 1 } });
    expect(state.is).toBe('starting');
    expect(read({ container: { state: running, lastState: terminated(137) } }).is).toBe('listening');
  });

  it.each([
    ['too many deaths', { container: { state: running, restartCount: 11 } }, 'failed'],
    ['exit 0 without a result', { container: { state: terminated(0, 'bye') } }, 'failed'],
    [
      'a death while it was told to stop',
      { container: { state: terminated(137) }, ...deletedAt(NOW) },
      'gone',
    ],
    ['an eviction', { status: { phase: 'Failed', reason: 'Evicted', message: 'disk' } }, 'gone'],
    ['a deletion before it was scheduled', { scheduled: false, ...deletedAt(NOW) }, 'gone'],
    [
      'a node that never answers',
      { container: { state: running }, ...deletedAt('2025-12-31T23:00:00Z') },
      'gone',
    ],
  ] as const)('is lost after %s', (_what, options, how) => {
    expect(read(structuredClone(options) as Parameters<typeof podOf>[1])).toMatchObject({ is: 'lost', how });
  });

  it('is not lost while its grace period runs', () => {
    expect(read({ container: { state: running }, ...deletedAt('2026-01-01T00:10:00Z') }).is).toBe(
      'listening',
    );
  });

  it('is out of reach when its node does not answer, and not when it only is not ready', () => {
    const notReady = [{ type: 'Ready', status: 'False', lastTransitionTime: NOW }];
    const options = (ready: boolean) => ({
      container: { state: running, ready },
      status: { conditions: notReady },
    });
    expect(read(options(true))).toEqual({ is: 'unreachable', sinceMs: NOW_MS });
    expect(read(options(false)).is).toBe('starting');
  });

  it('is lost when the control plane removed it, with what it says of that', () => {
    const conditions = [
      { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message: 'the node is gone' },
    ];
    const pod = podOf(recording, { status: { phase: 'Failed', conditions } });
    expect(readRecorderState(pod, NOW_MS)).toEqual({
      is: 'lost',
      how: 'gone',
      message: 'The recorder pod ended: DeletionByPodGC, the node is gone',
    });
    expect(lastTermination(pod, NOW)).toMatchObject({ reason: 'DeletionByPodGC', node: 'node-1' });
  });

  it('takes a fault for no result, whose pod is to go: what it had stored is saved', () => {
    const leaving = { container: { state: terminated(1, failed('Internal')) }, ...deletedAt(NOW) };
    expect(read(leaving)).toEqual({
      is: 'lost',
      how: 'gone',
      message: 'The recorder ended without a result while its pod was being removed: because',
    });
    expect(read({ container: { state: terminated(1, failed('Internal')) } }).is).toBe('starting');
  });

  it('takes a result for one only when it is', () => {
    expect(read({ container: { state: terminated(0, '{"outcome":"completed"}') } }).is).toBe('lost');
    expect(read({ container: { state: terminated(0, '{broken') } }).is).toBe('lost');
  });
});
