import { isActive } from './recording-status.ts';
import type { RecordingDocument } from './recording.ts';

/** What backends are told of a recording, in the order in which it happens. */
export const RECORDING_EVENTS = [
  'recording.started',
  'recording.stopped',
  'recording.completed',
  'recording.failed',
  'recording.deleted',
] as const;
export type RecordingEvent = (typeof RECORDING_EVENTS)[number];

/** Everything that has happened to a recording so far. */
export function eventsOf(record: RecordingDocument): RecordingEvent[] {
  // Nobody is told of a start that was taken back.
  if (record.isUndone) return [];
  const hasEnded = !isActive(record.status);
  const hasStarted = record.startedAt !== null || record.phase === 'Recording';
  const hasStopped = hasEnded || record.phase === 'Stopping';
  const events: RecordingEvent[] = [];
  if (hasStarted) events.push('recording.started');
  if (hasStarted && hasStopped) events.push('recording.stopped');
  if (record.status === 'completed') events.push('recording.completed');
  if (record.status === 'failed') events.push('recording.failed');
  // Of one that has failed there was no file that anybody knew of.
  if (record.deletedAt && record.status === 'completed') events.push('recording.deleted');
  return events;
}

/** The record with what is owed to the backend: what has happened, and was not put into the outbox yet. */
export function withOwed(record: RecordingDocument): RecordingDocument {
  const told = new Set(record.told ?? []);
  const owed = eventsOf(record).filter((event) => !told.has(event));
  return { ...record, owed, owing: owed.length > 0 };
}
