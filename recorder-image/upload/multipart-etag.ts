import { createHash } from 'node:crypto';
import type { StoredPart } from './part-plan.ts';

const MD5 = /^"?([0-9a-f]{32})"?$/i;

/** The MD5 that an ETag is, in hex; undefined where it is something else, as with SSE-KMS. */
export function md5In(etag: string | undefined): string | undefined {
  return MD5.exec(etag ?? '')?.[1]?.toLowerCase();
}

/** The ETag of the object that these parts make, in quotes, where theirs are MD5s; undefined where it can't be told. */
export function multipartEtag(parts: readonly StoredPart[]): string | undefined {
  const hash = createHash('md5');
  for (const { etag } of parts) {
    const md5 = md5In(etag);
    if (md5 === undefined) return undefined;
    hash.update(Buffer.from(md5, 'hex'));
  }
  return `"${hash.digest('hex')}-${parts.length}"`;
}

/** Whether two ETags are the same: some servers leave the quotes out. */
export function sameEtag(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one !== '' && bare(one) === bare(other ?? '');
}

function bare(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '').toLowerCase();
}
