import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { MeetingRecordingStatus, RecordingFolder } from '../crd/status.ts';
import { fileName } from '../../recorder-image/contract/key-content.ts';
import { recordingFolder } from '../../recorder-image/contract/key-template.ts';
import { legacyKey } from '../../recorder-image/contract/legacy-keys.ts';
import type { RecordingPlace } from '../../recorder-image/contract/object-keys.ts';
import type { RecorderConfig } from './config.ts';
import type { Pod } from './kube-objects.ts';
import { FOLDER_ANNOTATION } from '../crd/names.ts';

/** Where a recording's files lie, and where nothing that is claimed to be its own may lie outside of. */
export interface OwnPlace {
  readonly bucket: string;
  readonly place: RecordingPlace;
}

/** The folder of a recording that has had no recorder yet. It keeps it, whatever the configuration becomes. */
export function newFolder({ metadata, spec }: MeetingRecording, config: RecorderConfig): RecordingFolder {
  const { name, uid, creationTimestamp: createdAt } = metadata;
  const { meetingId, requestedBy } = spec;
  const identity = { name, uid, meetingId, requestedBy, createdAt };
  const place = { prefix: config.keyPrefix, template: config.keyTemplate };
  return { bucket: config.environment.S3_BUCKET, prefix: recordingFolder(identity, place) };
}

/** What a pod notes of the folder that its recorder was given: it is there as soon as the pod is. */
export function folderNote({ bucket, prefix }: RecordingFolder): string {
  return `${bucket}/${prefix}`;
}

/** Undefined: a pod from before recordings had folders. */
export function folderOfPod(pod: Pod): RecordingFolder | undefined {
  const note = pod.metadata.annotations?.[FOLDER_ANNOTATION];
  const slash = note?.indexOf('/') ?? -1;
  if (note === undefined || slash === -1) return undefined;
  return { bucket: note.slice(0, slash), prefix: note.slice(slash + 1) };
}

/**
 * The key of the file that an attempt makes. After a recorder was lost, each further attempt has its own: none writes
 * another's.
 *
 * @param options.folder absent: the recording was begun before there were folders
 */
export function attemptKey(options: {
  readonly recording: MeetingRecording;
  readonly folder: RecordingFolder | undefined;
  readonly attempt: number;
  readonly prefix: string;
}): string {
  const { recording, folder, prefix } = options;
  const { meetingId, output } = recording.spec;
  const earlier = recording.status?.parts?.some((part) => part.attempt < options.attempt) ?? false;
  const attempt = earlier ? options.attempt : 1;
  const { format } = output;
  if (folder) return folder.prefix + fileName({ attempt, take: 1, format });
  return legacyKey({ prefix, meetingId, name: recording.metadata.name, attempt, format });
}

export function ownPlace(
  recording: MeetingRecording,
  { folder }: Pick<MeetingRecordingStatus, 'folder'>,
  config: RecorderConfig,
): OwnPlace {
  if (folder) return { bucket: folder.bucket, place: { layout: 'folder', folder: folder.prefix } };
  const { name } = recording.metadata;
  const { meetingId } = recording.spec;
  return {
    bucket: config.environment.S3_BUCKET,
    place: { layout: 'legacy', prefix: config.keyPrefix, meetingId, name },
  };
}
