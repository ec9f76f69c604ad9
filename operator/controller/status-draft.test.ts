import { describe, expect, it } from 'vitest';
import { StatusDraft } from './status-draft.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { NOW, NOW_MS } from './testing/build.ts';

const draft = (stored?: MeetingRecordingStatus, laterMs = 0) =>
  new StatusDraft({ stored, generation: 3, nowMs: NOW_MS + laterMs });

describe('the status draft', () => {
  it('moves lastTransitionTime only with the condition’s status', () => {
    const first = draft();
    first.set('Receiving', 'True', 'Receiving', 'media');
    const second = draft(first.value, 60_000);
    second.set('Receiving', 'True', 'Receiving', 'more media');
    expect(second.condition('Receiving')).toMatchObject({
      message: 'more media',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    second.set('Receiving', 'False', 'Reconnecting', 'gone');
    expect(second.condition('Receiving')?.lastTransitionTime).toBe('2026-01-01T00:01:00Z');
    expect(first.condition('Receiving')?.message).toBe('media');
  });

  it('does not move it for what a condition was within the pass alone', () => {
    const earlier = draft();
    earlier.set('RecorderReady', 'False', 'RecorderStarting', '');
    const later = draft(earlier.value, 60_000);
    later.set('RecorderReady', 'True', 'Listening', '');
    later.set('RecorderReady', 'False', 'ProviderQuotaExceeded', '');
    expect(later.condition('RecorderReady')).toMatchObject({
      lastTransitionTime: NOW,
      reason: 'ProviderQuotaExceeded',
    });
  });

  it('has the summary condition follow the phase', () => {
    const status = draft();
    status.say('Recording', 'Receiving', 'x');
    expect(status.condition('Succeeded')).toMatchObject({ status: 'Unknown', reason: 'Receiving' });
    status.say('Completed', 'MeetingEnded', 'x');
    expect(status.condition('Succeeded')).toMatchObject({ status: 'True', reason: 'MeetingEnded' });
    status.say('Failed', 'NoPublisher', 'x');
    expect(status.condition('Succeeded')).toMatchObject({ status: 'False', reason: 'NoPublisher' });
  });

  it('does not know what is missing before the end, and does not say so afterwards', () => {
    const status = draft();
    status.say('Recording', 'Receiving', 'x');
    expect(status.condition('Complete')).toMatchObject({ status: 'Unknown', reason: 'InProgress' });
    status.set('Complete', 'True', 'EverythingStored', 'x');
    status.say('Completed', 'MeetingEnded', 'x');
    expect(status.condition('Complete')).toMatchObject({ status: 'True', reason: 'EverythingStored' });
  });

  it('has a place in the queue only while it waits', () => {
    const status = draft({ phase: 'Pending', queuePosition: 3 });
    status.say('Starting', 'CreatingRecorder', 'x');
    expect(status.value.queuePosition).toBeUndefined();
  });

  it('says which generation it tells about, and keeps messages short', () => {
    const status = draft();
    status.say('Starting', 'CreatingRecorder', 'x'.repeat(5000));
    expect(status.value.observedGeneration).toBe(3);
    expect(status.value.message).toHaveLength(1024);
  });
});
