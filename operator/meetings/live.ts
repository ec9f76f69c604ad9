import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { secondsBefore } from '../crd/seconds-before.ts';
import type { Phase } from '../crd/phases.ts';
import type { RecorderFigures } from './recorder-looks.ts';
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
  /** What the recorder itself says, at most a second old; null where it does not answer. */
  readonly recorder: Omit<RecorderFigures, 'recordingId' | 'durationSeconds'> | null;
}

type Known = Pick<RecordingDocument, 'phase' | 'reason' | 'message' | 'queuePosition' | 'duration'>;

interface Sight {
  /** As the cluster has it; undefined where it does not answer. */
  readonly object: MeetingRecording | undefined;
  /** As the recorder says; undefined where it does not answer. */
  readonly figures: RecorderFigures | undefined;
  /** Whether the caller may know where to publish. */
  readonly isHost: boolean;
}

export function liveFigures(record: Known, { object, figures, isHost }: Sight): LiveFigures {
  const isPublishedTo = isHost && object?.spec.source.rtmp !== undefined;
  return {
    phase: record.phase ?? 'Pending',
    reason: record.reason,
    message: record.message,
    queuePosition: record.queuePosition,
    durationSeconds: record.duration,
    ingestUrl: (isPublishedTo ? object.status?.ingest?.url : undefined) ?? null,
    recorder: figures === undefined ? null : withoutIdentity(figures),
  };
}

/** Seconds of media by the latest word of the recorder: never less than what is known otherwise. */
export function liveDuration(
  known: number | null,
  { object, figures }: Pick<Sight, 'object' | 'figures'>,
): number | null {
  // Before the first media, nothing is known rather than zero seconds.
  if (figures === undefined || figures.durationSeconds === 0) return known;
  return Math.max(known ?? 0, secondsBefore(object?.status ?? {}) + figures.durationSeconds);
}

function withoutIdentity(figures: RecorderFigures): LiveFigures['recorder'] {
  const { state, bytesReceived, bytesUploaded, bitrateKbps, fps } = figures;
  return { state, bytesReceived, bytesUploaded, bitrateKbps, fps };
}
