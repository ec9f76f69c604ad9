import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { secretFrom } from '../contract/signing-keys.ts';
import { canonicalJson } from './canonical-json.ts';
import { signatureState, signed } from './signature.ts';
import { pieceOf } from './testing/pieces.ts';

const KEY = { id: 'a', secret: Buffer.from('0123456789abcdef') };
const OTHER = { id: 'b', secret: Buffer.from('fedcba9876543210') };
const manifest = pieceOf(1, [0, 10]);

describe('a signature', () => {
  it('is an HMAC of the manifest with sorted keys and without it', () => {
    const { signature } = signed(manifest, KEY);
    const value = createHmac('sha256', KEY.secret).update(canonicalJson(manifest)).digest('base64');
    expect(signature).toEqual({ algorithm: 'HMAC-SHA256', keyId: 'a', value });
  });

  it('holds whatever the order of fields, and with fields that are not known here', () => {
    const own = signed({ ...manifest, later: { b: 1, a: [2, { d: 3, c: 4 }] } } as typeof manifest, KEY);
    const shuffled = JSON.parse(
      JSON.stringify(Object.fromEntries(Object.entries(own).reverse())),
    ) as typeof own;
    expect(signatureState(shuffled, [OTHER, KEY])).toEqual({ state: 'valid', keyId: 'a' });
  });

  it.each([
    ['a field', (own: typeof manifest) => ({ ...own, missingSeconds: 1 })],
    ['a field that is not known here', (own: typeof manifest) => ({ ...own, later: 1 })],
    ['its value', (own: typeof manifest) => ({ ...own, signature: { ...own.signature, value: 'AAAA' } })],
    [
      'its algorithm',
      (own: typeof manifest) => ({ ...own, signature: { ...own.signature, algorithm: 'none' } }),
    ],
  ])('does not hold when %s was changed', (_, change) => {
    expect(signatureState(change(signed(manifest, KEY)), [KEY]).state).toBe('invalid');
  });

  it('says when it is not there, and when its key is not known', () => {
    expect(signatureState(manifest, [KEY])).toEqual({ state: 'unsigned' });
    expect(signatureState(signed(manifest, OTHER), [KEY])).toEqual({ state: 'unknown-key', keyId: 'b' });
    expect(signatureState(signed(manifest, { ...OTHER, id: 'a' }), [KEY]).state).toBe('invalid');
  });

  it('goes when there is no key any more', () => {
    expect(signed(signed(manifest, KEY), undefined)).toEqual(manifest);
  });
});

describe('a secret', () => {
  it.each([
    ['00112233445566778899aabbccddeeff', '00112233445566778899aabbccddeeff'],
    ['AAECAwQFBgcICQoLDA0ODw==', '000102030405060708090a0b0c0d0e0f'],
  ])('is hex or base64: %s', (text, hex) => {
    expect(secretFrom(text)?.toString('hex')).toBe(hex);
  });

  it.each(['', 'short', '0011', 'not base64 !!!!!!!!!!!!!!!!!!!!!'])('is none: %j', (text) => {
    expect(secretFrom(text)).toBeUndefined();
  });
});
