import { ObjectStoreError } from './object-store.ts';
import type { StoredObject } from './object-store.ts';

/** The metadata by which an object is known again: the UID of its MeetingRecording, and what it is called. */
const UID = 'recording-uid';
const ID = 'recording-id';

type Metadata = Readonly<Record<string, string>>;

export interface Recording {
  readonly recordingId: string;
  /** Of the MeetingRecording, where there is one. */
  readonly uid?: string | undefined;
}

/** What says of an object whose it is. */
export function ownerMetadata({ recordingId, uid }: Recording): Record<string, string> {
  return { [ID]: recordingId, ...(uid === undefined ? {} : { [UID]: uid }) };
}

/**
 * Whose an object is, seen from the recording whose objects have this metadata. By the UID where both have one, else by
 * the name; `unknown` is one that says nothing of itself, because it is no recorder's or a store dropped what it said.
 */
export function ownerOf(stored: StoredObject, metadata: Metadata): 'ours' | 'another' | 'unknown' {
  for (const name of [UID, ID]) {
    const [theirs, ours] = [stored.metadata[name], metadata[name]];
    if (theirs === undefined || ours === undefined) continue;
    // Some stores give metadata back in lower case.
    return theirs.toLowerCase() === ours.toLowerCase() ? 'ours' : 'another';
  }
  return stored.metadata[UID] === undefined && stored.metadata[ID] === undefined ? 'unknown' : 'another';
}

/** The key has an object of another recording, or of nobody known. It is not replaced; a person has to look at it. */
export class KeyTakenError extends ObjectStoreError {
  override readonly name = 'KeyTakenError';

  constructor(key: string, { metadata }: StoredObject) {
    const owner = metadata[UID] ?? metadata[ID];
    const whose = owner === undefined ? 'of an unknown owner' : `of another recording (${owner})`;
    super(
      `KeyTaken: there is an object ${whose} at ${key}, which is not replaced: move it away, or delete it`,
      {
        code: 'KeyTaken',
        failure: 'refused',
      },
    );
  }
}
