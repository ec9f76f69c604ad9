import type { FileOwner } from '../../recorder-image/contract/file-owner.ts';
import { shortUid } from '../../recorder-image/contract/key-template.ts';
import type { RecordingDocument } from './recording.ts';

/** It can't stand in the name of an object. */
const SEPARATOR = '~';

/** What tells an object from all others, also from those of its name. */
export interface ObjectIdentity {
  readonly name: string;
  readonly uid: string;
  readonly meetingId: string;
}

type Known = Pick<RecordingDocument, '_id' | 'uid' | 'spec' | 'meetingId'>;

/** The name of the object of a recording. */
export function objectNameOf(recordingId: string): string {
  return recordingId.split(SEPARATOR)[0] ?? recordingId;
}

/** The id of a recording whose object has the name of an earlier one. */
export function successorId({ name, uid }: Pick<ObjectIdentity, 'name' | 'uid'>): string {
  return `${name}${SEPARATOR}${shortUid(uid)}`;
}

/** Whose the files of a recording are, to whoever looks after files. */
export function ownerOf(record: Pick<RecordingDocument, '_id' | 'uid' | 'meetingId' | 'folder'>): FileOwner {
  const { _id, uid, meetingId, folder } = record;
  return { name: objectNameOf(_id), uid, meetingId, folder };
}

/**
 * Whether this is the recording of that object: it has its UID, or it was asked for here, for that meeting, and its object
 * was not seen yet.
 */
export function isRecordOf(record: Known, object: ObjectIdentity): boolean {
  if (objectNameOf(record._id) !== object.name) return false;
  if (record.uid !== null) return record.uid === object.uid;
  return record.spec !== null && record.meetingId === object.meetingId;
}

/**
 * The id of an object's recording: the object's name for the first one of that name, and one with the UID in it for those
 * that come after it. A recording keeps its id, its meeting and its files whatever is made under its name later.
 *
 * @param known what has its name as its id, or {@link successorId}
 */
export function recordIdFor(object: ObjectIdentity, known: readonly Known[]): string {
  const own = known.find((record) => isRecordOf(record, object));
  if (own !== undefined) return own._id;
  return known.some(({ _id }) => _id === object.name) ? successorId(object) : object.name;
}
