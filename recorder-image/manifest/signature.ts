import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Manifest } from '../contract/manifest.ts';
import type { SigningKey } from '../contract/signing-keys.ts';
import { canonicalJson } from './canonical-json.ts';

const ALGORITHM = 'HMAC-SHA256';

export type SignatureState =
  'valid' | 'invalid' | 'unsigned' /** Signed with a key that is not known here. */ | 'unknown-key';

/** The manifest with a signature by this key, in place of one that it has. */
export function signed(manifest: Manifest, key: SigningKey | undefined): Manifest {
  const { signature: _, ...content } = manifest;
  if (key === undefined) return content;
  return {
    ...content,
    signature: { algorithm: ALGORITHM, keyId: key.id, value: valueFor(content, key).toString('base64') },
  };
}

/** `manifest` as it was read, with fields that are not known here: they are signed, too. */
export function signatureState(
  manifest: { readonly signature?: unknown },
  keys: readonly SigningKey[],
): { readonly state: SignatureState; readonly keyId?: string } {
  const { signature, ...content } = manifest;
  if (signature === undefined) return { state: 'unsigned' };
  const { algorithm, keyId, value } = signature as Readonly<Record<string, unknown>>;
  if (algorithm !== ALGORITHM || typeof keyId !== 'string' || typeof value !== 'string')
    return { state: 'invalid' };
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) return { state: 'unknown-key', keyId };
  const [expected, found] = [valueFor(content, key), Buffer.from(value, 'base64')];
  const isValid = expected.length === found.length && timingSafeEqual(expected, found);
  return { state: isValid ? 'valid' : 'invalid', keyId };
}

function valueFor(content: object, { secret }: SigningKey): Buffer {
  return createHmac('sha256', secret).update(canonicalJson(content)).digest();
}
