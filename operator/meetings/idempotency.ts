import { createHash } from 'node:crypto';
import { RecordingError } from './errors.ts';
import type { RecordingDocument } from './recording.ts';
import type { RecordingOptions } from './recording-request.ts';

/** Milliseconds for which a key is remembered. */
export const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;
/** Keys of stops that one recording remembers: each is a client that asked for the same. */
export const MAX_STOP_KEYS = 16;

/** The same for starts that ask for the same, in whatever order their fields came. */
export function digestOfStart(options: RecordingOptions): string {
  const asked = Object.entries(options).filter(([, value]) => value !== undefined);
  return sha256(JSON.stringify(asked.toSorted(([one], [other]) => (one < other ? -1 : 1))));
}

/** A user's key of a stop, as a recording remembers it. */
export function stopKeyOf(userId: string, key: string): string {
  return sha256(JSON.stringify([userId, key]));
}

/**
 * Throws RecordingError `idempotency-key-reused` where a key comes again with another request, as
 * draft-ietf-httpapi-idempotency-key-header-07, section 2.7, has it.
 */
export function requireSameStart(record: RecordingDocument, options: RecordingOptions): void {
  const { requestDigest } = record;
  if (requestDigest === null || requestDigest === undefined) return;
  if (requestDigest === digestOfStart(options)) return;
  throw new RecordingError(
    'idempotency-key-reused',
    'This Idempotency-Key came with other options before: send a new key, or the same options.',
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
