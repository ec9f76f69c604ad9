import { EXIT_CODES } from '../../recorder-image/contract/exit-codes.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { isTerminal } from '../crd/phases.ts';
import type { EventReason } from '../crd/reasons.ts';
import type { LastTermination } from '../crd/status.ts';
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

/** Of recorders that ended with a result. */
const RESULTS: readonly number[] = Object.values(EXIT_CODES).filter((code) => code !== EXIT_CODES.failed);

/** One event for each change of phase or reason, each death and each part that is lost, and none without. */
export function announce(events: EventRecorder, change: StatusChange): void {
  const { before, after, recording } = change;
  const death = deathIn(change);
  if (death !== undefined) {
    const note = `It ended with exit code ${death.exitCode} (${death.reason}). ${death.message}`.trim();
    events.record(recording, { type: 'Warning', reason: 'RecorderDied', action: 'StartingAgain', note });
  }
  for (const { attempt, state, message = '' } of after.parts ?? []) {
    const known = before?.parts?.find((part) => part.attempt === attempt);
    if (state === 'Lost' && known?.state !== 'Lost')
      warn(events, recording, 'PartLost', `Recorder ${attempt}: ${message}`);
  }
  const incomplete = incompleteIn(change);
  if (incomplete !== undefined)
    events.record(recording, { type: 'Warning', reason: 'RecordingIncomplete', ...incomplete });
  const { phase, reason = '', message = '' } = after;
  if (phase === before?.phase && reason === before?.reason) return;
  const type = phase === 'Failed' || WARNINGS.has(reason) ? 'Warning' : 'Normal';
  events.record(recording, { type, reason, action: phase ?? 'Pending', note: message });
}

/** The end of a recording from which something is missing. */
function incompleteIn({ before, after }: StatusChange): { action: string; note: string } | undefined {
  if (!isTerminal(after.phase) || isTerminal(before?.phase)) return undefined;
  const complete = after.conditions?.find(({ type }) => type === 'Complete');
  return complete?.status === 'False' ? { action: after.phase, note: complete.message } : undefined;
}

/** The end of a recorder that is started again in its pod. */
function deathIn({ before, after }: StatusChange): LastTermination | undefined {
  const { lastTermination: end, attempt = 1, parts = [], phase } = after;
  const known = before?.lastTermination;
  if (end === undefined || RESULTS.includes(end.exitCode)) return undefined;
  if (end.at === known?.at && end.exitCode === known.exitCode) return undefined;
  // What is not started again is told of by the reason of its phase.
  const isOver = isTerminal(phase) || parts.some((part) => part.attempt === attempt);
  return isOver || attempt !== (before?.attempt ?? 1) ? undefined : end;
}

export function warn(
  events: EventRecorder,
  recording: MeetingRecording,
  reason: EventReason,
  note: string,
): void {
  events.record(recording, { type: 'Warning', reason, action: 'CleaningUp', note });
}
