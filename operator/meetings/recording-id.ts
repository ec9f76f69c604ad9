/** Crockford's base32 in lower case: no i, l, o or u, so that an id can be read aloud. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 8;

/**
 * A fresh recording id, `rec-` and 8 characters that carry 40 bits: a name that Kubernetes takes.
 *
 * @param randomBytes gives that many random bytes
 */
export function newRecordingId(randomBytes: (count: number) => Uint8Array): string {
  const characters = Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]);
  return `rec-${characters.join('')}`;
}
