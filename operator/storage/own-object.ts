import { contentFor } from '../../recorder-image/contract/file-owner.ts';
import type { FileOwner } from '../../recorder-image/contract/file-owner.ts';
import type { KeyContent } from '../../recorder-image/contract/key-content.ts';
import { isFolderOf } from '../../recorder-image/contract/key-template.ts';

/** What somebody says where an object of a recording lies. */
export interface ClaimedObject {
  readonly owner: FileOwner;
  readonly bucket: string;
  readonly key: string;
}

/** Something is said to be of a recording, and does not lie where that has its files. */
export class ForeignObjectError extends Error {
  readonly code = 'FOREIGN_OBJECT';

  constructor({ name, uid }: FileOwner) {
    super(
      `what is said to be of the recording ${name} (${uid ?? 'without an object'}) does not lie in its folder`,
    );
    this.name = 'ForeignObjectError';
  }
}

/**
 * An object that lies where its recording has its files. There is no other way to one than {@link OwnObject.of}, and nothing
 * is signed, read or deleted that is none.
 */
export class OwnObject {
  readonly bucket: string;
  readonly key: string;
  readonly content: KeyContent;
  /** What a command of the SDK is sent with: private to the class, so nothing that only looks alike is one. */
  readonly #address: { Bucket: string; Key: string };

  private constructor({ bucket, key }: ClaimedObject, content: KeyContent) {
    this.bucket = bucket;
    this.key = key;
    this.content = content;
    this.#address = { Bucket: bucket, Key: key };
  }

  /** Throws {@link ForeignObjectError}. */
  static of(claim: ClaimedObject): OwnObject {
    const content = contentFor(claim.owner, claim);
    if (content === undefined) throw new ForeignObjectError(claim.owner);
    return new OwnObject(claim, content);
  }

  get address(): { Bucket: string; Key: string } {
    return this.#address;
  }
}

/** The folder of a recording; undefined where it was made before recordings had one. Throws {@link ForeignObjectError}. */
export function ownFolder(owner: FileOwner): { bucket: string; prefix: string } | undefined {
  const { folder, uid } = owner;
  if (!folder) return undefined;
  if (uid === null || !isFolderOf(uid, folder.prefix)) throw new ForeignObjectError(owner);
  return folder;
}
