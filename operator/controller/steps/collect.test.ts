import { describe, expect, it } from 'vitest';
import { RESULT_REASONS } from '../../../recorder-image/contract/result.ts';
import type { RecorderResult, ResultReason } from '../../../recorder-image/contract/result.ts';
import type { RecorderStatus } from '../../../recorder-image/contract/status.ts';
import { REASONS } from '../../crd/reasons.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { RecorderState } from '../recorder-state.ts';
import { NOW, NOW_MS, liveStatus, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import { collect } from './collect.ts';

const folder = { bucket: 'bucket', prefix: 'recordings/meeting-1/rec-0123456789ab/' };
const key = `${folder.prefix}recording.mp4`;
const file = { bucket: 'bucket', key, url: `s3://bucket/${key}`, sizeBytes: 42, format: 'mp4' } as const;
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
  live?: RecorderStatus,
) {
  const pass = {
    ...passOf(recordingOf({ status: { folder, ...status } }), { nowMs, ...(live && { live }) }),
    recorder,
  };
  await collect(pass, worldOf());
  return pass.status.value;
}

describe('the result', () => {
  it('of a length that no recording has ends the recording all the same', async () => {
    const result = { ...failed('DiskFull'), durationSeconds: 1e300 };
    const after = await collected({ is: 'ended', result }, stopping('RecorderFinishing'));
    expect(after).toMatchObject({ phase: 'Failed', reason: 'DiskFull' });
    expect(after.durationSeconds).toBeUndefined();
  });

  it.each([
    ['Stopped', stopping('MeetingEnded'), 'MeetingEnded'],
    ['Stopped', stopping('Deleted'), 'Deleted'],
    ['Stopped', stopping('RecorderFinishing'), 'Drained'],
    ['Stopped', { phase: 'Recording', startedAt: NOW }, 'Drained'],
    ['MaxDurationReached', stopping('RecorderFinishing'), 'MaxDurationReached'],
    ['PublisherLost', { phase: 'Recording', startedAt: NOW }, 'PublisherLost'],
    [
      'PublisherLost',
      { ...stopping('RecorderFinishing'), agora: { converterId: 'c2', state: 'ended', missedAt: NOW } },
      'MeetingEnded',
    ],
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

  it.each([
    ['its pod had to go', 'Recording', { deletionTimestamp: NOW }, { phase: 'Starting', attempt: 2 }],
    ['it ended by itself', 'Recording', {}, { phase: 'Failed', reason: 'NothingReceived' }],
    ['nobody wants it any more', 'Stopped', { deletionTimestamp: NOW }, { phase: 'Failed' }],
  ] as const)('of one that heard nothing, and %s', async (_why, desiredState, metadata, expected) => {
    const status = { phase: 'Starting', reason: 'WaitingForPublisher', podName: 'rec-1' } as const;
    const recording = recordingOf({ spec: { desiredState }, status });
    const recorder = { is: 'ended', result: failed('NothingReceived') } as const;
    const pass = { ...passOf(recording, { pod: podOf(recording, { metadata }) }), recorder };
    await collect(pass, worldOf());
    expect(pass.status.value).toMatchObject(expected);
  });

  it('names what had the pod go, also where the recorder has ended by then', async () => {
    const recording = recordingOf({ status: { ...stopping('Drained'), folder } });
    const message = 'default-scheduler: preempting to accommodate a higher priority pod';
    const preemption = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message };
    const pod = podOf(recording, { status: { conditions: [preemption] } });
    const recorder = { is: 'ended', result: completed('Stopped') } as const;
    const pass = { ...passOf(recording, { pod }), recorder };
    await collect(pass, worldOf());
    expect(pass.status.value).toMatchObject({
      phase: 'Completed',
      message: `${REASONS.Drained} PreemptionByScheduler: ${message}`,
    });
  });

  it('is believed as far as its own folder reaches, and says what is not', async () => {
    const foreign = 'recordings/meeting-1/other-ffffffffffff/recording.mp4';
    const status = { phase: 'Recording', startedAt: NOW, folder } as const;
    const resultOf = (claim: object): RecorderState => ({
      is: 'ended',
      result: { ...completed('MaxDurationReached'), ...claim },
    });
    const warned: string[] = [];
    const look = async (recorder: RecorderState): Promise<MeetingRecordingStatus> => {
      const pass = { ...passOf(recordingOf({ status }), {}), recorder };
      const warn = (_: unknown, reason: string, note: string): void => void warned.push(`${reason}: ${note}`);
      await collect(pass, { ...worldOf(), warn });
      return pass.status.value;
    };
    const own = await look(
      resultOf({
        files: [
          { key, sizeBytes: 42 },
          { key: foreign, sizeBytes: 1 },
        ],
      }),
    );
    expect(own).toMatchObject({ phase: 'Completed', reason: 'MaxDurationReached', file });
    expect(own.files).toBeUndefined();
    expect(own.message).toContain(foreign);
    const none = await look(resultOf({ key: foreign }));
    expect(none).toMatchObject({ phase: 'Failed', reason: 'RecorderFailed', durationSeconds: 12.5 });
    expect(none.file).toBeUndefined();
    expect(none.message).toContain(foreign);
    expect(warned).toHaveLength(2);
    for (const line of warned) expect(line).toContain(`ForeignFile: The recorder named`);
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
  const gone: RecorderState = { is: 'lost', how: 'gone', message: 'evicted' };
  const part = { attempt: 1, since: NOW, key: 'k' } as const;

  it('a pod that is gone is replaced, and what it had stored is to be saved', async () => {
    const after = await collected(gone, { phase: 'Recording', startedAt: NOW, podName: 'rec-1' });
    expect(after).toMatchObject({
      phase: 'Recording',
      reason: 'RecorderReplaced',
      attempt: 2,
      parts: [{ attempt: 1, state: 'Salvaging', message: 'evicted' }],
    });
    expect(after.podName).toBeUndefined();
  });

  it('a pod that is gone leaves behind how much it had received, by its last word', async () => {
    const live = liveStatus({ startedAt: NOW, durationSeconds: 65, lastMediaAt: '2026-01-01T00:01:05.500Z' });
    const known = { phase: 'Recording', startedAt: NOW, durationSeconds: 60 } as const;
    const after = await collected(gone, known, NOW_MS, live);
    expect(after.parts).toMatchObject([
      { receivedSeconds: 65, durationSeconds: 65, lastMediaAt: '2026-01-01T00:01:05.500Z' },
    ]);
    // A controller that was started only now knows what is written down.
    const less = await collected(gone, known);
    expect(less.parts).toMatchObject([{ receivedSeconds: 60, lastMediaAt: '2026-01-01T00:01:00.000Z' }]);
    const nothing = await collected(gone, { phase: 'Starting', ingest: { url: 'rtmp://x' } });
    expect(nothing.parts).toHaveLength(1);
    expect(nothing.parts?.[0]).not.toHaveProperty('receivedSeconds');
  });

  it.each([
    ['one that died again and again', { is: 'lost', how: 'failed', message: 'died' }, 'Recording'],
    ['one that is gone while it stops', gone, 'Stopping'],
  ] as const)('%s is not replaced: the end waits for what it had stored', async (_what, recorder, phase) => {
    const receiving = { type: 'Receiving', status: 'True', reason: 'Receiving', message: '' } as const;
    const conditions = [{ ...receiving, lastTransitionTime: NOW }];
    const stored = { phase, reason: 'StopRequested', startedAt: NOW, conditions };
    const waiting = await collected(recorder, stored);
    expect(waiting).toMatchObject({ phase: 'Stopping', parts: [{ attempt: 1, state: 'Salvaging' }] });
    expect(waiting.conditions).toContainEqual(
      expect.objectContaining({ type: 'Receiving', status: 'False' }),
    );
    const saved = { ...waiting, parts: [{ ...part, state: 'Salvaged' as const, files: [file] }] };
    expect(await collected(recorder, saved)).toMatchObject({ phase: 'Completed', reason: 'Salvaged', file });
    const nothing = { ...waiting, parts: [{ ...part, state: 'Lost' as const }] };
    expect((await collected(recorder, nothing)).phase).toBe('Failed');
  });

  it('the result of a second recorder waits for the first one’s part, and has both', async () => {
    const recorder: RecorderState = { is: 'ended', result: completed('Stopped') };
    const salvaging = { ...stopping('MeetingEnded'), attempt: 2, parts: [{ ...part, state: 'Salvaging' }] };
    const waiting = await collected(recorder, salvaging as MeetingRecordingStatus);
    expect(waiting).toMatchObject({ phase: 'Stopping', reason: 'MeetingEnded' });
    const first = { ...file, key: 'first' };
    const saved = { ...part, state: 'Salvaged' as const, files: [first], durationSeconds: 2 };
    expect(await collected(recorder, { ...waiting, parts: [saved] })).toMatchObject({
      phase: 'Completed',
      reason: 'MeetingEnded',
      file: first,
      files: [first, file],
      durationSeconds: 14.5,
    });
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
