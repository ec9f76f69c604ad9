import type { MeetingDocument, RecordingSubdocument } from './meeting.ts';
import type { Observation } from './observation.ts';

/** A meeting's `recording`, field by field, as it stands in the database, which may leave out what is null. */
export function storedView(meeting: MeetingDocument): RecordingSubdocument {
  const { recording } = meeting;
  return {
    enabled: recording.enabled,
    autoStart: recording.autoStart,
    status: recording.status,
    startedAt: recording.startedAt ?? null,
    stoppedAt: recording.stoppedAt ?? null,
    duration: recording.duration ?? null,
    fileUrl: recording.fileUrl ?? null,
    fileKey: recording.fileKey ?? null,
    fileSize: recording.fileSize ?? null,
    format: recording.format ?? null,
    resolution: recording.resolution ?? null,
    fps: recording.fps ?? null,
    bitrate: recording.bitrate ?? null,
    error: recording.error ?? null,
    complete: recording.complete ?? null,
    missingSeconds: recording.missingSeconds ?? null,
    recordingId: recording.recordingId ?? null,
  };
}

/** The same as it will stand once the meeting shows this recording. */
export function viewOf(
  meeting: MeetingDocument,
  record: Omit<Observation, 'name' | 'uid' | 'resourceVersion'>,
): RecordingSubdocument {
  const { enabled, autoStart } = meeting.recording;
  return storedView({ ...meeting, recording: { enabled, autoStart, ...record, recordingId: record._id } });
}
