import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { EventReason } from '../crd/reasons.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import type { StatusChange } from './status-update.ts';

/** Reasons that ask for somebody's attention, beside every way to fail. */
const WARNINGS = new Set([
  'ProviderQuotaExceeded',
  'ResourceQuotaExceeded',
  'RecorderUnschedulable',
  'RecorderImagePullFailed',
  'IngestRouteNotAccepted',
  'Reconnecting',
  'RecorderUnreachable',
  'RecorderReplaced',
  'Salvaged',
  'PublisherLost',
  'DiskFull',
  'Drained',
  'UploadFailed',
]);

/** One event for each change of phase or reason and each part that is lost, and none without. */
export function announce(events: EventRecorder, { before, after, recording }: StatusChange): void {
  for (const { attempt, state, message = '' } of after.parts ?? []) {
    const known = before?.parts?.find((part) => part.attempt === attempt);
    if (state === 'Lost' && known?.state !== 'Lost')
      warn(events, recording, 'PartLost', `Recorder ${attempt}: ${message}`);
  }
  const { phase, reason = '', message = '' } = after;
  if (phase === before?.phase && reason === before?.reason) return;
  const type = phase === 'Failed' || WARNINGS.has(reason) ? 'Warning' : 'Normal';
  events.record(recording, { type, reason, action: phase ?? 'Pending', note: message });
}

export function warn(
  events: EventRecorder,
  recording: MeetingRecording,
  reason: EventReason,
  note: string,
): void {
  events.record(recording, { type: 'Warning', reason, action: 'CleaningUp', note });
}
