import { isTerminal } from '../crd/phases.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';

/** `recording.status` of the meeting model. */
export const RECORDING_STATUSES = [
  'idle',
  'starting',
  'recording',
  'stopping',
  'completed',
  'failed',
] as const;
export type RecordingStatus = (typeof RECORDING_STATUSES)[number];

/** A meeting in one of these may start a recording. */
export const RESTING_STATUSES = ['idle', 'completed', 'failed'] as const satisfies RecordingStatus[];
/** A meeting in one of these has a recording to stop. */
export const ACTIVE_STATUSES = ['starting', 'recording', 'stopping'] as const satisfies RecordingStatus[];

const RANKS: Record<RecordingStatus, number> = {
  idle: 0,
  starting: 1,
  recording: 2,
  stopping: 3,
  completed: 4,
  failed: 4,
};

export function isActive(status: RecordingStatus): boolean {
  return (ACTIVE_STATUSES as readonly RecordingStatus[]).includes(status);
}

/** Of two statuses of one recording, the one that comes later in its life; the first of two equally late ones. */
export function laterStatus(one: RecordingStatus, other: RecordingStatus): RecordingStatus {
  return RANKS[other] > RANKS[one] ? other : one;
}

/** What an object means for the meeting model: architecture.md's table of phases. */
export function statusOfObject(object: MeetingRecording): RecordingStatus {
  const phase = object.status?.phase;
  if (isTerminal(phase)) return phase === 'Completed' ? 'completed' : 'failed';
  const isStopping =
    object.spec.desiredState === 'Stopped' || object.metadata.deletionTimestamp !== undefined;
  if (isStopping || phase === 'Stopping') return 'stopping';
  return phase === 'Recording' ? 'recording' : 'starting';
}
