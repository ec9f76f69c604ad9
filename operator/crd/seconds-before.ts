import type { MeetingRecordingStatus } from './status.ts';

/** Seconds of media before the current attempt, as far as they are known. */
export function secondsBefore({ attempt: current = 1, parts = [] }: MeetingRecordingStatus): number {
  return parts
    .filter(({ attempt, state }) => attempt < current && state !== 'Lost')
    .reduce((sum, { durationSeconds = 0 }) => sum + durationSeconds, 0);
}
