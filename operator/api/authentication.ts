import { createSecretKey } from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { ProblemError } from './problem.ts';
import { looksLikeRecordingToken } from './recording-tokens.ts';
import type { RecordingGrant, RecordingTokens } from './recording-tokens.ts';

/** Who asks: the token's `sub`, and the words of its `scope`. */
export interface Caller {
  readonly userId: string;
  readonly scopes: ReadonlySet<string>;
  /** The caller came with a recording token: this is all that it is good for. */
  readonly grant?: RecordingGrant;
}

/** Where the keys that sign tokens come from. */
export type TokenKeys = { readonly secret: string } | { readonly jwksUrl: URL };

export interface AuthenticatorOptions {
  readonly keys: TokenKeys;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Without, no recording token is taken. */
  readonly recordingTokens?: RecordingTokens | undefined;
  readonly now: () => Date;
  /** Milliseconds between looks for keys that are not known yet; 30 s unless told. */
  readonly jwksCooldownMs?: number;
}

/** Backends hold this scope: they register meetings and tell of their end. */
export const SERVICE_SCOPE = 'meetings:write';

const CLOCK_SKEW_SECONDS = 30;
const JWKS_TIMEOUT_MS = 3000;
/** A token of an unknown key has the keys fetched again, but not each such token. */
const JWKS_COOLDOWN_MS = 30_000;
/** A key that was withdrawn is taken no longer than this. */
const JWKS_MAX_AGE_MS = 600_000;
const MAX_USER_ID_LENGTH = 128;
const BEARER = /^Bearer +([\w.~+/=-]+) *$/i;
/** Pinned by the kind of the key: a token can't choose how it is verified. */
const SECRET_ALGORITHMS = ['HS256'];
const JWKS_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

/** Verifies bearer tokens. */
export class Authenticator {
  readonly #verify: (token: string) => Promise<JWTPayload>;
  readonly #recordingTokens: RecordingTokens | undefined;

  constructor(options: AuthenticatorOptions) {
    const { keys, issuer, audience, now } = options;
    this.#recordingTokens = options.recordingTokens;
    const claims: JWTVerifyOptions = {
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_SKEW_SECONDS,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
    if ('secret' in keys) {
      // As a key rather than as bytes, which would be made into one for each token.
      const secret = createSecretKey(Buffer.from(keys.secret, 'utf8'));
      this.#verify = async (token) => {
        const checks = { ...claims, algorithms: SECRET_ALGORITHMS, currentDate: now() };
        return (await jwtVerify(token, secret, checks)).payload;
      };
    } else {
      const keySet = createRemoteJWKSet(keys.jwksUrl, {
        timeoutDuration: JWKS_TIMEOUT_MS,
        cooldownDuration: options.jwksCooldownMs ?? JWKS_COOLDOWN_MS,
        cacheMaxAge: JWKS_MAX_AGE_MS,
      });
      this.#verify = async (token) => {
        const checks = { ...claims, algorithms: JWKS_ALGORITHMS, currentDate: now() };
        return (await jwtVerify(token, keySet, checks)).payload;
      };
    }
  }

  /**
   * @param authorization the Authorization header
   * @throws ProblemError `token-missing`, `token-invalid`, `token-expired`, each with its challenge (RFC 6750)
   */
  async authenticate(authorization: string | undefined): Promise<Caller> {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw refusal('token-missing', 'Send the token in the Authorization header: Bearer TOKEN.');
    }
    if (this.#recordingTokens !== undefined && isRecordingToken(token)) {
      const grant = await named(this.#recordingTokens.verify(token));
      return { userId: grant.userId, scopes: new Set(), grant };
    }
    const payload = await named(this.#verify(token));
    const { sub, scope } = payload;
    if (typeof sub !== 'string' || sub === '' || sub.length > MAX_USER_ID_LENGTH) {
      throw refusal(
        'token-invalid',
        `The sub claim is the user's id, of 1 to ${MAX_USER_ID_LENGTH} characters.`,
      );
    }
    const scopes = typeof scope === 'string' ? scope.split(' ').filter((word) => word !== '') : [];
    return { userId: sub, scopes: new Set(scopes) };
  }
}

/** What a token says once it is verified; else the ProblemError that says what is wrong with it. */
async function named<T>(verified: Promise<T>): Promise<T> {
  try {
    return await verified;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw refusal('token-expired', 'The token has expired: get a new one.', error);
    }
    if (error instanceof errors.JWTClaimValidationFailed) {
      throw refusal('token-invalid', `The token's ${error.claim} claim is missing or wrong.`, error);
    }
    const isMute = error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError);
    if (isMute || error.code === 'ERR_JOSE_GENERIC') throw keysUnavailable(error);
    throw refusal('token-invalid', 'The token was not issued for this API, or was changed since.', error);
  }
}

function isRecordingToken(token: string): boolean {
  try {
    return looksLikeRecordingToken(decodeProtectedHeader(token).typ);
  } catch {
    // Whatever it is, it is refused where it is verified.
    return false;
  }
}

export function isService(caller: Caller): boolean {
  return caller.scopes.has(SERVICE_SCOPE);
}

/**
 * Throws ProblemError `token-scope` where a recording token is used for what it was not issued for.
 *
 * @param wanted of the route: no action where no recording token is taken
 */
export function requireGrant(
  caller: Caller,
  wanted: { readonly action: RecordingGrant['action'] | undefined; readonly meetingId: unknown },
): void {
  const { grant } = caller;
  if (grant === undefined) return;
  if (grant.action === wanted.action && grant.meetingId === wanted.meetingId) return;
  throw new ProblemError(
    'token-scope',
    'This recording token is for another meeting or another action: get one for this.',
  );
}

/** Throws ProblemError `scope-missing`. */
export function requireService(caller: Caller): void {
  if (isService(caller)) return;
  throw new ProblemError('scope-missing', `This needs a token whose scope claim contains ${SERVICE_SCOPE}.`, {
    headers: {
      'WWW-Authenticate': `Bearer realm="meetrec", error="insufficient_scope", scope="${SERVICE_SCOPE}"`,
    },
  });
}

function refusal(
  code: 'token-missing' | 'token-invalid' | 'token-expired',
  detail: string,
  cause?: unknown,
): ProblemError {
  const description = code === 'token-missing' ? '' : `, error="invalid_token", error_description="${code}"`;
  return new ProblemError(code, detail, {
    cause,
    headers: { 'WWW-Authenticate': `Bearer realm="meetrec"${description}` },
  });
}

function keysUnavailable(cause: unknown): ProblemError {
  return new ProblemError(
    'keys-unavailable',
    'The keys that tokens are verified with can not be had: try again.',
    {
      cause,
      headers: { 'Retry-After': '5' },
    },
  );
}
