import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import type { RecordingDocument } from './recording.ts';
import { statusOfObject } from './recording-status.ts';

/** What an object says about its recording. */
export type Observation = Pick<
  RecordingDocument,
  | '_id'
  | 'meetingId'
  | 'createdAt'
  | 'requestedBy'
  | 'status'
  | 'phase'
  | 'reason'
  | 'message'
  | 'queuePosition'
  | 'startedAt'
  | 'stoppedAt'
  | 'completedAt'
  | 'duration'
  | 'bucket'
  | 'folder'
  | 'fileUrl'
  | 'fileKey'
  | 'fileSize'
  | 'files'
  | 'manifest'
  | 'format'
  | 'resolution'
  | 'fps'
  | 'bitrate'
  | 'error'
  | 'complete'
  | 'missingSeconds'
> & { name: string; uid: string; resourceVersion: string };

/** @param recordingId under which the recording is known; of one that is not known yet, the object's name */
export function observe(object: MeetingRecording, recordingId = object.metadata.name): Observation {
  const { metadata, spec, status = {} } = object;
  const recordingStatus = statusOfObject(object);
  const file = status.file ?? status.files?.[0];
  return {
    _id: recordingId,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    meetingId: spec.meetingId,
    createdAt: new Date(metadata.creationTimestamp),
    requestedBy: spec.requestedBy ?? null,
    status: recordingStatus,
    phase: status.phase ?? null,
    reason: status.reason ?? null,
    message: status.message ?? null,
    queuePosition: status.queuePosition ?? null,
    startedAt: date(status.startedAt),
    stoppedAt: date(status.stoppedAt),
    completedAt: date(status.completedAt),
    duration: status.durationSeconds ?? null,
    bucket: file?.bucket ?? null,
    folder: status.folder ?? null,
    fileUrl: file?.url ?? null,
    fileKey: file?.key ?? null,
    fileSize: file?.sizeBytes ?? null,
    files: status.files ?? (status.file ? [status.file] : []),
    manifest: status.manifest ?? null,
    format: spec.output.format,
    resolution: spec.output.resolution,
    fps: spec.output.fps,
    bitrate: spec.output.bitrateKbps,
    complete: isComplete(status),
    missingSeconds: status.missingSeconds ?? null,
    error: recordingStatus === 'failed' ? (status.message ?? status.reason ?? 'The recording failed.') : null,
  };
}

/** Null while that is not known, which it may stay for ever. */
function isComplete({ conditions = [] }: MeetingRecordingStatus): boolean | null {
  const complete = conditions.find(({ type }) => type === 'Complete')?.status;
  return complete === 'True' || complete === 'False' ? complete === 'True' : null;
}

function date(text: string | undefined): Date | null {
  return text === undefined ? null : new Date(text);
}
