import { createHash } from 'node:crypto';
import { md5In } from './multipart-etag.ts';
import { ObjectStoreError } from './object-store.ts';

/**
 * Compares ETags with the MD5 of what was sent, for stores that are given no checksum to compare. Most have the MD5 as
 * the ETag of a part, and some (SSE-KMS) anything else: from the first one on that is the MD5, all have to be.
 */
export class EtagCheck {
  #isMd5 = false;

  /** Counts what is sent into an MD5. The function that is returned throws ObjectStoreError where the ETag is another. */
  begin(): { readonly see: (bytes: Buffer) => void; readonly compare: (etag: string | undefined) => void } {
    const hash = createHash('md5');
    return {
      see: (bytes) => void hash.update(bytes),
      compare: (etag) => {
        const theirs = md5In(etag);
        if (theirs === undefined) return;
        if (theirs === hash.digest('hex')) this.#isMd5 = true;
        else if (this.#isMd5)
          throw new ObjectStoreError('BadDigest: the store has other bytes than were sent', {
            code: 'BadDigest',
            failure: 'transient',
          });
      },
    };
  }
}
