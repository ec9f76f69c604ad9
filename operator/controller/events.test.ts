import { describe, expect, it } from 'vitest';
import type { MeetingRecordingStatus, RecordingPart } from '../crd/status.ts';
import type { EventDetails, EventRecorder } from '../runtime/event-recorder.ts';
import { announce } from './events.ts';
import { NOW, recordingOf } from './testing/build.ts';

function told(before: MeetingRecordingStatus | undefined, after: MeetingRecordingStatus): string[] {
  const lines: string[] = [];
  const events = {
    record: (_regarding: unknown, { type, reason, action, note }: EventDetails) =>
      lines.push(`${type} ${action} ${reason}: ${note}`),
  };
  announce(events as unknown as EventRecorder, { before, after, recording: recordingOf() });
  return lines;
}

const part = (attempt: number, state: RecordingPart['state']): RecordingPart => ({
  attempt,
  state,
  since: NOW,
  key: 'k',
  message: 'why',
});

describe('events', () => {
  const recording = { phase: 'Recording', reason: 'Receiving', message: 'm' } as const;

  it('tell each change of phase or reason once, and nothing else', () => {
    expect(told(undefined, recording)).toEqual(['Normal Recording Receiving: m']);
    expect(told(recording, { ...recording, message: 'other', durationSeconds: 3 })).toEqual([]);
    expect(told(recording, { ...recording, reason: 'Reconnecting' })).toEqual([
      'Warning Recording Reconnecting: m',
    ]);
    expect(told(recording, { ...recording, phase: 'Failed', reason: 'NoPublisher' })).toEqual([
      'Warning Failed NoPublisher: m',
    ]);
  });

  const died = (at: string, exitCode = 137) => ({ exitCode, reason: 'SIGKILL', message: 'Once.', at });
  const at = { ...recording, attempt: 1 } as const;

  it('tell of each death of a recorder that is started again, once', () => {
    const first = { ...at, lastTermination: died(NOW) };
    const line = 'Warning StartingAgain RecorderDied: It ended with exit code 137 (SIGKILL). Once.';
    expect(told(at, first)).toEqual([line]);
    expect(told(first, { ...first, durationSeconds: 3 })).toEqual([]);
    expect(told(first, { ...at, lastTermination: died('2026-01-01T00:00:07Z') })).toEqual([line]);
  });

  it.each([
    ['ended with a result', { lastTermination: died(NOW, 0) }],
    ['was lost with its node', { lastTermination: died(NOW), attempt: 2 }],
    ['is being salvaged', { lastTermination: died(NOW), parts: [part(1, 'Salvaging')] }],
    ['has failed for good', { lastTermination: died(NOW), phase: 'Failed' as const }],
  ])('tell of no death when one %s', (_what, after) => {
    expect(told(at, { ...at, ...after }).filter((line) => line.includes('RecorderDied'))).toEqual([]);
  });

  it('tell of a recording from which something is missing, once, when it has ended', () => {
    const complete = (status: 'Unknown' | 'False') => [
      { type: 'Complete', status, reason: 'MediaLost', message: '110 min', lastTransitionTime: NOW } as const,
    ];
    const before = { ...recording, conditions: complete('Unknown') };
    const after = {
      ...before,
      phase: 'Completed',
      reason: 'MeetingEnded',
      conditions: complete('False'),
    } as const;
    const line = 'Warning Completed RecordingIncomplete: 110 min';
    expect(told(before, after)).toEqual([line, 'Normal Completed MeetingEnded: m']);
    expect(told(after, { ...after, observedGeneration: 2 })).toEqual([]);
    expect(told(before, { ...after, conditions: complete('Unknown') })).toHaveLength(1);
  });

  it('tell of each part that could not be saved, once', () => {
    const before = { ...recording, parts: [part(1, 'Lost'), part(2, 'Salvaging'), part(3, 'Salvaging')] };
    const after = { ...recording, parts: [part(1, 'Lost'), part(2, 'Lost'), part(3, 'Salvaged')] };
    expect(told(before, after)).toEqual(['Warning CleaningUp PartLost: Recorder 2: why']);
    expect(told(after, after)).toEqual([]);
  });
});
