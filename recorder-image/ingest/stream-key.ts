import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether this is the stream key whose SHA-256 is `sha256` (64 lower-case hex digits). Takes the same time for every
 * wrong key, so that a key can't be found digit by digit.
 */
export function isStreamKey(streamKey: string, sha256: string): boolean {
  return timingSafeEqual(createHash('sha256').update(streamKey).digest(), Buffer.from(sha256, 'hex'));
}
