import type { KeyContent } from './key-content.ts';
import { isFolderOf } from './key-template.ts';
import { ownContent } from './object-keys.ts';

/** What is known of the recording that a file is said to be of. */
export interface FileOwner {
  /** The object's name. */
  readonly name: string;
  /** The object's UID; null: no object was seen, and so there is no file. */
  readonly uid: string | null;
  readonly meetingId: string;
  /** Absent: the recording was made before recordings had folders. */
  readonly folder?: { readonly bucket: string; readonly prefix: string } | null | undefined;
}

interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/**
 * What an object is to the recording that it is said to be of; undefined where it is none of its objects. Nothing is believed
 * of what is stored about the recording: a folder that can't be its own has nothing of its own in it.
 */
export function contentFor(owner: FileOwner, { bucket, key }: ObjectAddress): KeyContent | undefined {
  const { name, uid, meetingId, folder } = owner;
  if (uid === null) return undefined;
  if (!folder) return ownContent(key, { layout: 'legacy', meetingId, name });
  if (bucket !== folder.bucket || !isFolderOf(uid, folder.prefix)) return undefined;
  return ownContent(key, { layout: 'folder', folder: folder.prefix });
}
