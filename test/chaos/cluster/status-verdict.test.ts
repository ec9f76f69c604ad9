import { describe, expect, it } from 'vitest';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { completenessComplaints, statusComplaints } from './status-verdict.ts';

const condition = (type: string, status: string) => ({ type, status });
const file = { bucket: 'b', key: 'recordings/m/rec.mp4', url: 's3://b/k', sizeBytes: 100, format: 'mp4' };
const completed = {
  phase: 'Completed',
  durationSeconds: 10,
  startedAt: '2026-11-23T05:00:00Z',
  stoppedAt: '2026-11-23T05:00:10Z',
  completedAt: '2026-11-23T05:00:11Z',
  conditions: [
    condition('Admitted', 'False'),
    condition('Receiving', 'False'),
    condition('Uploaded', 'True'),
    condition('Succeeded', 'True'),
  ],
  file,
};
const of = (status: object) => ({ metadata: { name: 'rec' }, status }) as MeetingRecording;
const stored = [{ key: file.key, sizeBytes: 100 }];

describe('the status of a recording that has ended', () => {
  it('is true when it and S3 say the same', () => {
    expect(statusComplaints(of(completed), { files: stored, seconds: 10.3 })).toEqual([]);
  });

  it.each([
    ['has not ended', { ...completed, phase: 'Stopping' }, stored],
    ['says that it failed', { ...completed, phase: 'Failed' }, stored],
    ['tells of no file', { ...completed, file: undefined }, stored],
    ['tells of another size', completed, [{ key: file.key, sizeBytes: 99 }]],
    ['tells of a file that is not there', completed, []],
    ['does not tell of one that is', completed, [...stored, { key: 'recordings/m/other.mp4', sizeBytes: 1 }]],
    [
      'still receives',
      { ...completed, conditions: [...completed.conditions.slice(2), condition('Receiving', 'True')] },
      stored,
    ],
    ['ended before it began', { ...completed, completedAt: '2026-11-23T04:00:00Z' }, stored],
    ['has a recorder to ask', { ...completed, recorderUrl: 'http://10.0.0.1:8080' }, stored],
    ['is pushed to', { ...completed, agora: { converterId: 'c', state: 'running' } }, stored],
    ['lasts longer than its file', { ...completed, durationSeconds: 12 }, stored],
    ['does not say how long it is', { ...completed, durationSeconds: undefined }, stored],
    ['waits in the queue', { ...completed, queuePosition: 1 }, stored],
  ])('is not true when it %s', (_what, status, files) => {
    expect(statusComplaints(of(status), { files, seconds: 10 })).not.toEqual([]);
  });
});

describe('what it says is missing', () => {
  const saying = (status: string) => of({ conditions: [condition('Complete', status)] });

  it('is true when it claims to be whole and is, and whenever it does not claim it', () => {
    expect(completenessComplaints(saying('True'), 0)).toEqual([]);
    for (const status of ['False', 'Unknown']) expect(completenessComplaints(saying(status), 3)).toEqual([]);
  });

  it('is not true when packets are missing all the same, or nothing is said', () => {
    expect(completenessComplaints(saying('True'), 3)).toEqual([
      'Complete is True, and 3 packets are in no file',
    ]);
    expect(completenessComplaints(of({}), 0)).toHaveLength(1);
  });
});
