import { describe, expect, it } from 'vitest';
import { isSignedByAgora } from './webhook-signature.ts';

// The example of Agora's documentation, with the secret "secret".
const BODY = Buffer.from(
  '{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}',
);
const V1 = '033c62f40f687675f17f0f41f91a40c71c0f134c';
const V2 = '6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99';

describe('a notification’s signature', () => {
  it('is accepted in both versions, in capitals too', () => {
    expect(isSignedByAgora(BODY, { v1: V1, v2: V2 }, 'secret')).toBe(true);
    expect(isSignedByAgora(BODY, { v1: V1 }, 'secret')).toBe(true);
    expect(isSignedByAgora(BODY, { v2: V2.toUpperCase() }, 'secret')).toBe(true);
  });

  it('is refused for another body, even one that means the same', () => {
    const same = Buffer.from(JSON.stringify(JSON.parse(BODY.toString()), undefined, 1));
    expect(isSignedByAgora(same, { v1: V1, v2: V2 }, 'secret')).toBe(false);
  });

  it('is refused with another secret, or none', () => {
    expect(isSignedByAgora(BODY, { v2: V2 }, 'another')).toBe(false);
    expect(isSignedByAgora(BODY, { v2: V2 }, '')).toBe(false);
  });

  it('does not fall back to the weaker one when the stronger is wrong', () => {
    expect(isSignedByAgora(BODY, { v1: V1, v2: V2.replace('6d', '6e') }, 'secret')).toBe(false);
  });

  it.each(['', 'zz', V2.slice(2), `${V2}00`, `${V2.slice(0, 62)}zz`])('is refused when it is "%s"', (v2) => {
    expect(isSignedByAgora(BODY, { v2 }, 'secret')).toBe(false);
  });

  it('is refused when there is none', () => {
    expect(isSignedByAgora(BODY, {}, 'secret')).toBe(false);
  });
});
