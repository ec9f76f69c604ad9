/** A secret of the installation by which manifests are signed. */
export interface SigningKey {
  readonly id: string;
  readonly secret: Buffer;
}

export const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;
const SHORTEST_SECRET_BYTES = 16;

/** Reads a secret of at least 16 bytes, as hex or as base64; undefined where it is none. */
export function secretFrom(text: string): Buffer | undefined {
  const isHex = /^([0-9a-fA-F]{2})+$/.test(text);
  if (!isHex && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  const secret = Buffer.from(text, isHex ? 'hex' : 'base64');
  return secret.length < SHORTEST_SECRET_BYTES ? undefined : secret;
}
