import { hkdfSync } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { ProblemError } from './problem.ts';

/** What a link leads to: a take of a recording. */
export interface PlaylistLink {
  readonly recordingId: string;
  readonly take: number;
}

const TYPE = 'meetrec-playlist+jwt';
const ALGORITHM = 'HS256';
const KEY_LABEL = 'meetrec playlist links v1';
const KEY_BYTES = 32;

const claimsSchema = z.object({ recording: z.string().min(1), take: z.int().min(1) });

/** Links to playlists: players can't send tokens in headers, so the address itself says what it is good for. */
export class PlaylistLinks {
  readonly #key: Uint8Array;
  readonly #now: () => Date;
  readonly #lifetimeSeconds: number;

  /**
   * @param options.secret that the key is derived from (HKDF-SHA-256)
   * @param options.lifetimeSeconds as long as a player may ask for a playlist that grows
   */
  constructor(options: { secret: string; now: () => Date; lifetimeSeconds: number }) {
    this.#key = new Uint8Array(hkdfSync('sha256', options.secret, '', KEY_LABEL, KEY_BYTES));
    this.#now = options.now;
    this.#lifetimeSeconds = options.lifetimeSeconds;
  }

  /** The address, without scheme and host. */
  async make({ recordingId, take }: PlaylistLink): Promise<{ url: string; expiresAt: Date }> {
    const expiresAt = Math.floor(this.#now().getTime() / 1000) + this.#lifetimeSeconds;
    const token = await new SignJWT({ recording: recordingId, take })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setExpirationTime(expiresAt)
      .sign(this.#key);
    return { url: `/api/v1/playlists/${token}/index.m3u8`, expiresAt: new Date(expiresAt * 1000) };
  }

  /** Throws ProblemError `link-invalid`. */
  async read(token: string): Promise<PlaylistLink> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        requiredClaims: ['exp'],
        currentDate: this.#now(),
      });
      const { recording, take } = claimsSchema.parse(payload);
      return { recordingId: recording, take };
    } catch (error) {
      throw new ProblemError(
        'link-invalid',
        'This link has expired, or was changed: ask for the download again.',
        {
          cause: error,
        },
      );
    }
  }
}
