import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import type { StatusChange } from './status-update.ts';

/** Reasons that ask for somebody's attention, beside every way to fail. */
const WARNINGS = new Set([
  'ProviderQuotaExceeded',
  'ResourceQuotaExceeded',
  'RecorderUnschedulable',
  'RecorderImagePullFailed',
  'Reconnecting',
  'RecorderUnreachable',
  'RecorderReplaced',
  'Salvaged',
  'PublisherLost',
  'DiskFull',
  'Drained',
  'UploadFailed',
]);

/** One event for each change of phase or reason, and none without. */
export function announce(events: EventRecorder, { before, after, recording }: StatusChange): void {
  const { phase, reason = '', message = '' } = after;
  if (phase === before?.phase && reason === before?.reason) return;
  const type = phase === 'Failed' || WARNINGS.has(reason) ? 'Warning' : 'Normal';
  events.record(recording, { type, reason, action: phase ?? 'Pending', note: message });
}

export function warn(events: EventRecorder, recording: MeetingRecording, reason: string, note: string): void {
  events.record(recording, { type: 'Warning', reason, action: 'CleaningUp', note });
}
