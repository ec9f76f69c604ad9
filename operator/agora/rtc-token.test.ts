import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RtcTokens } from './rtc-token.ts';

const appId = '0123456789abcdef0123456789abcdef';
const certificate = 'fedcba9876543210fedcba9876543210';
const request = { channel: 'standup', uid: 12, role: 'publisher', expiresInSeconds: 600 } as const;

/**
 * What stands in an AccessToken2: "007", then base64 of deflated bytes, all integers little-endian: a signature and an app
 * id, each after its length in 16 bits, when it was issued, how long it lasts, a salt, and the services.
 */
function read(token: string) {
  expect(token.slice(0, 3)).toBe('007');
  const bytes = inflateSync(Buffer.from(token.slice(3), 'base64'));
  let at = 0;
  const uint16 = () => bytes.readUInt16LE((at += 2) - 2);
  const uint32 = () => bytes.readUInt32LE((at += 4) - 4);
  const text = () => {
    const length = uint16();
    at += length;
    return bytes.subarray(at - length, at).toString('latin1');
  };
  text();
  const head = { appId: text(), issuedAt: uint32(), lasts: uint32(), salt: uint32(), services: uint16() };
  const type = uint16();
  const privileges = Array.from({ length: uint16() }, () => [uint16(), uint32()]);
  return { ...head, type, privileges, channel: text(), uid: text() };
}

describe('an RTC token', () => {
  const tokens = new RtcTokens({ appId, certificate });

  it('is for one channel and one uid, for as long as was asked', () => {
    const issued = Math.floor(Date.now() / 1000);
    const token = read(tokens.make(request));
    expect(token).toMatchObject({ appId, lasts: 600, services: 1, type: 1, channel: 'standup', uid: '12' });
    expect(token.issuedAt).toBeGreaterThanOrEqual(issued);
    expect(token.privileges).toEqual([
      [1, 600],
      [2, 600],
      [3, 600],
      [4, 600],
    ]);
  });

  it('lets a subscriber only join', () => {
    expect(read(tokens.make({ ...request, role: 'subscriber' })).privileges).toEqual([[1, 600]]);
  });

  it.each([
    [{ uid: 0 }, /uid/],
    [{ uid: 4_294_967_296 }, /uid/],
    [{ uid: 1.5 }, /uid/],
    [{ expiresInSeconds: 86_401 }, /60 to 86400 seconds/],
    [{ expiresInSeconds: 0 }, /60 to 86400 seconds/],
    [{ channel: '' }, /channel/],
    [{ channel: 'ä'.repeat(33) }, /channel/],
  ])('is not made with %j', (wrong, message) => {
    expect(() => tokens.make({ ...request, ...wrong })).toThrow(message);
  });

  it.each([
    [{ appId: 'app', certificate }, /app id/],
    [{ appId, certificate: '' }, /certificate/],
    [{ appId, certificate: 'secret-that-must-not-be-shown' }, /certificate is not 32 hex digits$/],
  ])('is refused from the beginning where it would come out empty', (options, message) => {
    expect(() => new RtcTokens(options)).toThrow(message);
  });
});
