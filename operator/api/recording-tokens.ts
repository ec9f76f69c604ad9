import { hkdfSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/** What one token is good for. */
export const RECORDING_ACTIONS = ['start', 'stop', 'status', 'download'] as const;
export type RecordingAction = (typeof RECORDING_ACTIONS)[number];

/** Seconds that a token may be valid. */
export const TOKEN_LIFETIME = { min: 10, default: 300, max: 3600 } as const;

/** What the bearer of a recording token may do, and nothing else. */
export interface RecordingGrant {
  readonly userId: string;
  readonly meetingId: string;
  readonly action: RecordingAction;
}

/** In the header `typ`: tells these tokens from those of the backend's own, which can't be taken for one another. */
const TYPE = 'meetrec-recording+jwt';
const ISSUER = 'meetrec';
const ALGORITHM = 'HS256';
const KEY_LABEL = 'meetrec recording tokens v1';
const KEY_BYTES = 32;

const claimsSchema = z.object({
  sub: z.string().min(1),
  meeting: z.string().min(1),
  action: z.enum(RECORDING_ACTIONS),
});

interface RecordingTokensOptions {
  /** 32 bytes or more; the key is derived from it (HKDF-SHA-256). */
  readonly secret: string;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** Short-lived JWTs for one action on one meeting: for handing to a browser or another service. */
export class RecordingTokens {
  readonly #key: Uint8Array;
  readonly #now: () => Date;
  readonly #newId: () => string;

  constructor({ secret, now, newId }: RecordingTokensOptions) {
    this.#key = new Uint8Array(hkdfSync('sha256', secret, '', KEY_LABEL, KEY_BYTES));
    this.#now = now;
    this.#newId = newId;
  }

  /** @param lifetime seconds */
  async issue(grant: RecordingGrant, lifetime: number): Promise<{ token: string; expiresAt: Date }> {
    const { userId, meetingId, action } = grant;
    const issuedAt = Math.floor(this.#now().getTime() / 1000);
    const expiresAt = issuedAt + lifetime;
    const token = await new SignJWT({ meeting: meetingId, action })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setIssuer(ISSUER)
      .setAudience(ISSUER)
      .setSubject(userId)
      .setJti(this.#newId())
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.#key);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  /** Throws an error of jose's where the token is not one of these, was changed, or has expired: to the second. */
  async verify(token: string): Promise<RecordingGrant> {
    const { payload } = await jwtVerify(token, this.#key, {
      algorithms: [ALGORITHM],
      typ: TYPE,
      issuer: ISSUER,
      audience: ISSUER,
      requiredClaims: ['exp', 'sub', 'jti'],
      currentDate: this.#now(),
    });
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw new errors.JWTInvalid('the claims are not those of a recording token');
    const { sub, meeting, action } = claims.data;
    return { userId: sub, meetingId: meeting, action };
  }
}

/** Whether a token says that it is one of these. Proves nothing. */
export function looksLikeRecordingToken(type: unknown): boolean {
  return type === TYPE;
}
