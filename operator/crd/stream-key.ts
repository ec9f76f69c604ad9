import { createHash, createHmac } from 'node:crypto';

/**
 * The one stream key that may publish to a recording: hex HMAC-SHA-256 of the object's UID under the
 * installation's master key. It is stored nowhere: whoever holds the master key derives it again.
 */
export function deriveStreamKey(masterKey: string, recordingUid: string): string {
  return createHmac('sha256', masterKey).update(recordingUid).digest('hex');
}

/** What the recorder is given instead of the key: hex SHA-256 of it. */
export function streamKeySha256(streamKey: string): string {
  return createHash('sha256').update(streamKey).digest('hex');
}
