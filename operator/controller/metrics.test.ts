import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { ConditionReason } from '../crd/conditions.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { RecordingMetrics } from './metrics.ts';
import { NOW, recordingOf } from './testing/build.ts';

/** The lines of what is missing, after a recording has gone from one of these statuses to the next. */
async function counted(...statuses: readonly MeetingRecordingStatus[]): Promise<Record<string, number>> {
  const registry = new Registry();
  const metrics = new RecordingMetrics(registry, { recordings: () => [], queueLength: () => 0 });
  for (const [index, after] of statuses.entries())
    metrics.observe({ before: statuses[index - 1], after, recording: recordingOf() });
  const lines = (await registry.metrics()).matchAll(
    /^meetrec_recordings?_(incomplete|missing).*?reason="(\w+)"\} (\S+)$/gm,
  );
  return Object.fromEntries(
    [...lines].map(([, what, reason, value]) => [`${what} ${reason}`, Number(value)]),
  );
}

const active = { phase: 'Stopping', reason: 'MeetingEnded' } as const;
const ended = (
  status: 'True' | 'False',
  reason: ConditionReason,
  rest: Partial<MeetingRecordingStatus>,
): MeetingRecordingStatus => ({
  phase: 'Completed',
  reason: 'MeetingEnded',
  conditions: [{ type: 'Complete', status, reason, message: '', lastTransitionTime: NOW }],
  ...rest,
});
const gap = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:01:00Z', reason: 'RecorderLost' } as const;

describe('what recordings lack', () => {
  it('is there from the start, at zero', async () => {
    expect(await counted()).toEqual({
      'incomplete MediaLost': 0,
      'incomplete TrackLeftOut': 0,
      'incomplete NotMuxed': 0,
      'missing RecorderLost': 0,
      'missing DiskFull': 0,
      'missing MediaLost': 0,
      'missing TrackLeftOut': 0,
      'missing NotMuxed': 0,
    });
  });

  it('is counted once, by gap, and what lies in none by the reason', async () => {
    const away = { ...gap, reason: 'PublisherAway' as const };
    const lossy = ended('False', 'MediaLost', { missingSeconds: 72.5, gaps: [gap, away] });
    // A push is ended after the recording, and the status written again.
    expect(await counted(active, lossy, { ...lossy, observedGeneration: 2 })).toMatchObject({
      'incomplete MediaLost': 1,
      'missing RecorderLost': 60,
      'missing MediaLost': 12.5,
      'missing DiskFull': 0,
    });
  });

  it('is nothing of a recording that is whole, but for the time between two recorders', async () => {
    const whole = ended('True', 'EverythingStored', { missingSeconds: 60, gaps: [gap] });
    expect(await counted(active, whole)).toMatchObject({
      'incomplete MediaLost': 0,
      'missing RecorderLost': 60,
      'missing MediaLost': 0,
    });
  });
});
