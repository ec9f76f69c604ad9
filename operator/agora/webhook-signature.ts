import { createHmac, timingSafeEqual } from 'node:crypto';

/** The two headers as they arrived; Agora sends both. */
export interface WebhookSignatures {
  /** `Agora-Signature`: hex HMAC-SHA1 of the raw body. */
  v1?: string | undefined;
  /** `Agora-Signature-V2`: hex HMAC-SHA256 of the raw body. */
  v2?: string | undefined;
}

/**
 * Whether a notification comes from Agora. Where the stronger signature is there, it alone decides: a right SHA1 beside
 * a wrong SHA256 is a forgery.
 *
 * @param rawBody the bytes as received: parsing and printing them again changes the signature
 * @param secret the Notification Center's; an empty one accepts nothing
 */
export function isSignedByAgora(rawBody: Buffer, signatures: WebhookSignatures, secret: string): boolean {
  if (secret === '') return false;
  if (signatures.v2 !== undefined) return matches('sha256', rawBody, signatures.v2, secret);
  if (signatures.v1 !== undefined) return matches('sha1', rawBody, signatures.v1, secret);
  return false;
}

function matches(algorithm: 'sha1' | 'sha256', rawBody: Buffer, signature: string, secret: string): boolean {
  const expected = createHmac(algorithm, secret).update(rawBody).digest();
  // Buffer.from stops at the first character that is not hex, so the length tells of any.
  const actual = Buffer.from(signature, 'hex');
  return (
    signature.length === expected.length * 2 &&
    actual.length === expected.length &&
    timingSafeEqual(actual, expected)
  );
}
