import agoraToken from 'agora-token';

/** `publisher` may send and receive, `subscriber` only receive (where the project enforces that). */
export const RTC_ROLES = ['publisher', 'subscriber'] as const;
export type RtcRole = (typeof RTC_ROLES)[number];

/** Seconds. Agora allows a day at most. */
export const RTC_TOKEN_LIFETIME = { min: 60, max: 86_400, default: 3600 } as const;

/** The largest uid: 32 bits; 0 would be anybody. */
export const MAX_UID = 4_294_967_295;

export interface RtcTokenRequest {
  channel: string;
  /** 1 to {@link MAX_UID}. */
  uid: number;
  role: RtcRole;
  /** From now on. */
  expiresInSeconds: number;
}

/** What Agora's projects have for an app id and for a certificate. */
const HEX_32 = /^[0-9a-f]{32}$/i;

/** The token could not be made of what was given. */
export class RtcTokenError extends Error {
  readonly code = 'RtcTokenImpossible';

  constructor(message: string) {
    super(message);
    this.name = 'RtcTokenError';
  }
}

/** Tokens with which an Agora SDK joins a channel, made here with the project's certificate; Agora is not asked. */
export class RtcTokens {
  readonly appId: string;
  readonly #certificate: string;

  /** @throws RtcTokenError: with anything else than 32 hex digits, agora-token would make empty tokens */
  constructor(options: { appId: string; certificate: string }) {
    for (const [name, value] of [
      ['app id', options.appId],
      ['app certificate', options.certificate],
    ] as const) {
      if (!HEX_32.test(value)) throw new RtcTokenError(`the Agora ${name} is not 32 hex digits`);
    }
    this.appId = options.appId;
    this.#certificate = options.certificate;
  }

  /** @throws RtcTokenError when the request is outside of its bounds */
  make({ channel, uid, role, expiresInSeconds }: RtcTokenRequest): string {
    const { min, max } = RTC_TOKEN_LIFETIME;
    if (!Number.isInteger(uid) || uid < 1 || uid > MAX_UID)
      throw new RtcTokenError(`uid must be a whole number from 1 to ${MAX_UID}`);
    if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < min || expiresInSeconds > max)
      throw new RtcTokenError(`a token lasts ${min} to ${max} seconds`);
    if (channel === '' || Buffer.byteLength(channel) > 64)
      throw new RtcTokenError('a channel has 1 to 64 bytes');
    const { RtcTokenBuilder, RtcRole: Role } = agoraToken;
    const token = RtcTokenBuilder.buildTokenWithUid(
      this.appId,
      this.#certificate,
      channel,
      uid,
      role === 'publisher' ? Role.PUBLISHER : Role.SUBSCRIBER,
      expiresInSeconds,
      expiresInSeconds,
    );
    if (token === '') throw new RtcTokenError('agora-token made no token');
    return token;
  }
}
