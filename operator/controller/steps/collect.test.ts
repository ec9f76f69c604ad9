import { describe, expect, it } from 'vitest';
import { RESULT_REASONS } from '../../../recorder-image/contract/result.ts';
import type { RecorderResult, ResultReason } from '../../../recorder-image/contract/result.ts';
import { REASONS } from '../../crd/reasons.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { RecorderState } from '../recorder-state.ts';
import { NOW, NOW_MS, passOf, recordingOf, worldOf } from '../testing/build.ts';
import { collect } from './collect.ts';

const file = { bucket: 'b', key: 'k', url: 's3://b/k', sizeBytes: 42, format: 'mp4' } as const;
const completed = (reason: ResultReason): RecorderResult => ({
  outcome: 'completed',
  reason,
  ...file,
  durationSeconds: 12.5,
  startedAt: NOW,
  stoppedAt: NOW,
});
const failed = (reason: ResultReason): RecorderResult => ({
  outcome: 'failed',
  reason,
  error: { code: reason, message: 'because' },
});
const stopping = (reason: string): MeetingRecordingStatus => ({ phase: 'Stopping', reason, startedAt: NOW });

async function collected(
  recorder: RecorderState | undefined,
  status: MeetingRecordingStatus,
  nowMs = NOW_MS,
) {
  const pass = { ...passOf(recordingOf({ status }), { nowMs }), recorder };
  await collect(pass, worldOf());
  return pass.status.value;
}

describe('the result', () => {
  it.each([
    ['Stopped', stopping('MeetingEnded'), 'MeetingEnded'],
    ['Stopped', stopping('Deleted'), 'Deleted'],
    ['Stopped', stopping('RecorderFinishing'), 'Drained'],
    ['Stopped', { phase: 'Recording', startedAt: NOW }, 'Drained'],
    ['MaxDurationReached', stopping('RecorderFinishing'), 'MaxDurationReached'],
    ['PublisherLost', { phase: 'Recording', startedAt: NOW }, 'PublisherLost'],
    ['DiskFull', stopping('RecorderFinishing'), 'DiskFull'],
  ] as const)('%s after %j is Completed, %s', async (reason, status, expected) => {
    const after = await collected({ is: 'ended', result: completed(reason) }, status);
    expect(after).toMatchObject({
      phase: 'Completed',
      reason: expected,
      file,
      durationSeconds: 12.5,
      completedAt: NOW,
    });
    expect(after.conditions).toContainEqual(expect.objectContaining({ type: 'Uploaded', status: 'True' }));
  });

  it.each([
    ['NoPublisher', 'NoPublisher'],
    ['NothingReceived', 'NothingReceived'],
    ['UploadFailed', 'UploadFailed'],
    ['DiskFull', 'DiskFull'],
    ['BadConfiguration', 'RecorderMisconfigured'],
    ['Internal', 'RecorderFailed'],
  ] as const)('%s is Failed, %s, with the recorder’s words', async (reason, expected) => {
    const after = await collected({ is: 'ended', result: failed(reason) }, { phase: 'Recording' });
    expect(after).toMatchObject({ phase: 'Failed', reason: expected, message: 'because' });
    expect(after.file).toBeUndefined();
  });

  it('has a reason of the registry for everything that a recorder can say', async () => {
    for (const reason of Object.keys(RESULT_REASONS) as ResultReason[])
      for (const result of [completed(reason), failed(reason)]) {
        const after = await collected({ is: 'ended', result }, { phase: 'Recording', startedAt: NOW });
        expect(Object.keys(REASONS)).toContain(after.reason);
      }
  });
});

describe('without a result', () => {
  it('a pod that is gone is lost, and one that died has failed', async () => {
    const gone = await collected(
      { is: 'lost', how: 'gone', message: 'evicted' },
      { phase: 'Recording', startedAt: NOW },
    );
    expect(gone).toMatchObject({ phase: 'Failed', reason: 'RecorderLost', message: 'evicted' });
    const died = await collected({ is: 'lost', how: 'failed', message: 'died' }, stopping('StopRequested'));
    expect(died).toMatchObject({ phase: 'Failed', reason: 'RecorderFailed' });
  });

  it('nothing is lost when it was stopped before anything came', async () => {
    const status = { phase: 'Stopping', reason: 'StopRequested' } as const;
    expect(await collected(undefined, status)).toMatchObject({ phase: 'Failed', reason: 'NothingReceived' });
    const died: RecorderState = { is: 'lost', how: 'gone', message: 'x' };
    expect(await collected(died, status)).toMatchObject({ phase: 'Failed', reason: 'NothingReceived' });
  });

  it('a recorder at work goes on', async () => {
    const after = await collected(
      { is: 'listening', address: '10.0.0.7' },
      { phase: 'Recording', startedAt: NOW },
    );
    expect(after.phase).toBe('Recording');
  });

  it('a file that S3 refuses is waited for until the window is over', async () => {
    const recorder: RecorderState = { is: 'retrying-upload', result: failed('UploadFailed') };
    const first = await collected(recorder, stopping('RecorderFinishing'));
    expect(first).toMatchObject({ phase: 'Stopping', reason: 'UploadFailed', message: 'because' });
    const later = await collected(recorder, first, NOW_MS + 3_599_000);
    expect(later.phase).toBe('Stopping');
    expect(await collected(recorder, first, NOW_MS + 3_600_000)).toMatchObject({
      phase: 'Failed',
      reason: 'UploadFailed',
    });
  });
});
