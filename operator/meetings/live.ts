import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Phase } from '../crd/phases.ts';
import type { RecordingDocument } from './recording.ts';

/** How an active recording is doing. */
export interface LiveFigures {
  readonly phase: Phase;
  readonly reason: string | null;
  readonly message: string | null;
  /** From 1; only while Pending. */
  readonly queuePosition: number | null;
  /** Seconds of media. */
  readonly durationSeconds: number | null;
  /** Where to publish, without the stream key; for the host of a meeting that is not Agora's. */
  readonly ingestUrl: string | null;
}

/** @param object of which the ingest address is told; none where the caller is not to know it */
export function liveFigures(
  record: Pick<RecordingDocument, 'phase' | 'reason' | 'message' | 'queuePosition' | 'duration'>,
  object: MeetingRecording | undefined,
): LiveFigures {
  const isPublishedTo = object?.spec.source.rtmp !== undefined;
  return {
    phase: record.phase ?? 'Pending',
    reason: record.reason,
    message: record.message,
    queuePosition: record.queuePosition,
    durationSeconds: record.duration,
    ingestUrl: (isPublishedTo ? object.status?.ingest?.url : undefined) ?? null,
  };
}
