import type { Observation } from './observation.ts';
import { isRecordOf } from './record-identity.ts';
import { recordingGate } from './recording.ts';
import type { RecordingDocument } from './recording.ts';
import { isActive, laterStatus } from './recording-status.ts';

/**
 * What a recording becomes when an object is seen, or undefined when that tells nothing new. Never backwards: an
 * object may be seen late, twice, out of order, or by two replicas. Another object tells nothing, whatever its name is.
 *
 * @param record what is known so far, if anything
 */
export function advance(
  record: RecordingDocument | undefined,
  seen: Observation,
  cluster: string,
): RecordingDocument | undefined {
  if (record === undefined) return firstSight(seen, cluster);
  if (!isRecordOf(record, seen)) return undefined;
  const hasEnded = !isActive(seen.status);
  // What is only inferred gives way to what the object itself says in the end.
  if (!isActive(record.status) && !(record.isLost && hasEnded)) return undefined;

  const status = record.isLost ? seen.status : laterStatus(record.status, seen.status);
  const isNewer = isLaterVersion(record.resourceVersion, seen.resourceVersion);
  if (!isNewer && status === record.status) return undefined;
  const { name: _name, folder, ...told } = seen;
  return {
    ...record,
    ...told,
    // What it is, and where it lies, never changes.
    _id: record._id,
    meetingId: record.meetingId,
    createdAt: record.createdAt,
    folder: record.folder ?? folder ?? null,
    status,
    isLost: false,
    gate: hasEnded ? recordingGate(record._id) : record.gate,
    revision: record.revision + 1,
  };
}

/** What a recording becomes when its object is gone without having ended; undefined when it had. */
export function lose(record: RecordingDocument, now: Date): RecordingDocument | undefined {
  if (!isActive(record.status) || record.uid === null) return undefined;
  return {
    ...record,
    status: 'failed',
    error: 'The MeetingRecording object was removed before the recording had ended.',
    completedAt: now,
    isLost: true,
    gate: recordingGate(record._id),
    revision: record.revision + 1,
  };
}

function firstSight({ name: _name, ...seen }: Observation, cluster: string): RecordingDocument {
  return {
    ...seen,
    cluster,
    gate: recordingGate(seen._id),
    spec: null,
    idempotencyKey: null,
    stopReason: null,
    isUndone: false,
    isLost: false,
    deletedAt: null,
    deletingAt: null,
    legalHold: false,
    told: [],
    revision: 1,
  };
}

/**
 * Whether a resourceVersion is later than another. The API server's are decimal numbers that only grow; anything else
 * counts as later, so that nothing is missed.
 */
function isLaterVersion(known: string | null, seen: string): boolean {
  if (known === null) return true;
  if (!/^\d+$/.test(known) || !/^\d+$/.test(seen)) return known !== seen;
  return BigInt(seen) > BigInt(known);
}
