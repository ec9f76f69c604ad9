import { describe, expect, it } from 'vitest';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { advance, lose } from './advance.ts';
import { observe } from './observation.ts';
import type { RecordingDocument } from './recording.ts';

const NOW = new Date('2026-11-23T12:00:00Z');

function seen(
  resourceVersion: string,
  status: MeetingRecordingStatus,
  more: { uid?: string; createdAt?: string; desiredState?: 'Stopped'; deletionTimestamp?: string } = {},
) {
  const object: MeetingRecording = {
    apiVersion: 'meetrec.dev/v1alpha1',
    kind: 'MeetingRecording',
    metadata: {
      name: 'rec-1',
      namespace: 'meetings',
      uid: more.uid ?? 'uid-1',
      resourceVersion,
      creationTimestamp: more.createdAt ?? '2026-11-23T11:00:00Z',
      ...(more.deletionTimestamp === undefined ? {} : { deletionTimestamp: more.deletionTimestamp }),
    },
    spec: {
      meetingId: 'm-1',
      source: { rtmp: {} },
      output: { format: 'mp4', resolution: '1280x720', fps: 30, bitrateKbps: 2000 },
      maxDurationSeconds: 7200,
      desiredState: more.desiredState ?? 'Recording',
      ttlSecondsAfterFinished: 1,
    },
    status,
  };
  return observe(object);
}

function after(...sights: ReturnType<typeof seen>[]): RecordingDocument {
  const start = sights.reduce<RecordingDocument | undefined>(
    (record, sight) => advance(record, sight, 'default') ?? record,
    undefined,
  );
  if (start === undefined) throw new Error('nothing was seen');
  return start;
}

describe('a recording, as objects are seen', () => {
  it('takes its status from the phase', () => {
    expect(after(seen('1', {})).status).toBe('starting');
    expect(after(seen('1', { phase: 'Pending' })).status).toBe('starting');
    expect(after(seen('1', { phase: 'Recording' })).status).toBe('recording');
    expect(after(seen('1', { phase: 'Recording' }, { desiredState: 'Stopped' })).status).toBe('stopping');
    expect(
      after(seen('1', { phase: 'Recording' }, { deletionTimestamp: '2026-11-23T11:30:00Z' })).status,
    ).toBe('stopping');
    expect(after(seen('1', { phase: 'Failed', reason: 'NoPublisher' }))).toMatchObject({
      status: 'failed',
      error: 'NoPublisher',
    });
  });

  it('changes nothing for what was seen before, or is older', () => {
    const record = after(seen('10', { phase: 'Recording', durationSeconds: 5 }));
    expect(
      advance(record, seen('10', { phase: 'Recording', durationSeconds: 5 }), 'default'),
    ).toBeUndefined();
    expect(advance(record, seen('9', { phase: 'Recording', durationSeconds: 4 }), 'default')).toBeUndefined();
    expect(advance(record, seen('9', { phase: 'Starting' }), 'default')).toBeUndefined();
  });

  it('compares versions as numbers', () => {
    const record = after(seen('9', { phase: 'Recording', durationSeconds: 4 }));
    expect(advance(record, seen('10', { phase: 'Recording', durationSeconds: 5 }), 'default')).toMatchObject({
      duration: 5,
      revision: 2,
    });
  });

  it('keeps its status while a further recorder is started, and tells the phase', () => {
    const record = after(
      seen('1', { phase: 'Recording' }),
      seen('2', { phase: 'Starting', reason: 'CreatingRecorder' }),
    );
    expect(record).toMatchObject({ status: 'recording', phase: 'Starting', reason: 'CreatingRecorder' });
  });

  it('stays as it ended', () => {
    const record = after(seen('1', { phase: 'Completed' }));
    expect(advance(record, seen('2', { phase: 'Failed' }), 'default')).toBeUndefined();
    expect(advance(record, seen('3', { phase: 'Recording' }), 'default')).toBeUndefined();
  });

  it('goes on where an API server that was restored counts anew', () => {
    const record = after(seen('900', { phase: 'Recording' }), seen('7', { phase: 'Completed' }));
    expect(record).toMatchObject({ status: 'completed', resourceVersion: '7' });
  });

  it('lets go of its meeting when it ends', () => {
    const started = { ...after(seen('1', { phase: 'Recording' })), gate: 'meeting:m-1' };
    expect(advance(started, seen('2', { phase: 'Stopping' }), 'default')?.gate).toBe('meeting:m-1');
    expect(advance(started, seen('3', { phase: 'Completed' }), 'default')?.gate).toBe('recording:rec-1');
  });

  it('stays what it is when other objects come and go under its name, before it and after it', () => {
    for (const status of [{ phase: 'Completed' }, { phase: 'Recording' }] as const) {
      const record = { ...after(seen('1', status)), legalHold: true };
      for (const createdAt of ['2026-11-23T10:00:00Z', '2026-11-23T11:45:00Z'])
        expect(advance(record, seen('5', {}, { uid: 'uid-2', createdAt }), 'default')).toBeUndefined();
    }
  });

  it('keeps its meeting and its folder, whatever the object says later', () => {
    const folder = { bucket: 'b', prefix: 'm/rec-1-0123456789ab/' };
    const record = after(seen('1', { phase: 'Recording', folder }));
    expect(record.folder).toEqual(folder);
    const moved = {
      ...seen('2', { phase: 'Completed' }),
      meetingId: 'm-2',
      folder: { ...folder, prefix: 'x/' },
    };
    expect(advance(record, moved, 'default')).toMatchObject({
      meetingId: 'm-1',
      folder,
      status: 'completed',
    });
  });

  it('fails when its object is lost, until the object says how it ended', () => {
    const record = after(seen('1', { phase: 'Recording' }));
    const lost = lose(record, NOW);
    expect(lost).toMatchObject({ status: 'failed', completedAt: NOW, isLost: true });
    expect(lose(after(seen('1', { phase: 'Completed' })), NOW)).toBeUndefined();
    expect(advance(lost, seen('2', { phase: 'Recording' }), 'default')).toBeUndefined();
    expect(advance(lost, seen('2', { phase: 'Completed' }), 'default')).toMatchObject({
      status: 'completed',
      error: null,
      isLost: false,
    });
  });
});
