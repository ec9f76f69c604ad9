import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { RecordingTokens } from './recording-tokens.ts';

const secret = 'a secret of thirty-two bytes or more';
const start = new Date('2026-11-23T10:00:00Z');
const grant = { userId: 'user-1', meetingId: 'm-1', action: 'stop' } as const;
const tokensAt = (now: Date, other = secret): RecordingTokens =>
  new RecordingTokens({ secret: other, now: () => now, newId: () => 'id-1' });

describe('a recording token', () => {
  it('says what its bearer may do', async () => {
    const { token, expiresAt } = await tokensAt(start).issue(grant, 60);
    expect(expiresAt).toEqual(new Date('2026-11-23T10:01:00Z'));
    expect(await tokensAt(start).verify(token)).toEqual(grant);
  });

  it('expires to the second', async () => {
    const { token, expiresAt } = await tokensAt(start).issue(grant, 60);
    expect(await tokensAt(new Date(expiresAt.getTime() - 1000)).verify(token)).toEqual(grant);
    await expect(tokensAt(expiresAt).verify(token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });

  it('is worth nothing where another secret is known, the secret itself included', async () => {
    const { token } = await tokensAt(start).issue(grant, 60);
    const other = tokensAt(start, 'another secret of thirty-two bytes or so');
    await expect(other.verify(token)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
    const raw = await new SignJWT({ meeting: 'm-1', action: 'stop' })
      .setProtectedHeader({ alg: 'HS256', typ: 'meetrec-recording+jwt' })
      .setSubject('user-1')
      .setExpirationTime(start.getTime() / 1000 + 60)
      .sign(new TextEncoder().encode(secret));
    await expect(tokensAt(start).verify(raw)).rejects.toThrow('signature verification failed');
  });
});
