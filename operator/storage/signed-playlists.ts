import { OwnObject } from './own-object.ts';
import type { ClaimedObject } from './own-object.ts';
import { keyBeside, readPlaylist, renamed } from './playlist.ts';

interface SignedPlaylistsOptions {
  readonly read: (file: ClaimedObject) => Promise<string>;
  /** @param seconds that the URL serves */
  readonly sign: (object: ClaimedObject, seconds: number) => Promise<{ url: string; expiresAt: Date }>;
  /** Seconds beyond the media's own that a playlist can be watched. */
  readonly spareSeconds: number;
  readonly now: () => Date;
}

/** The longest that S3 takes. */
const MAX_SECONDS = 7 * 86_400;
const MAX_REMEMBERED = 50_000;

/** Playlists in which every segment is a URL that serves for as long as watching takes. */
export class SignedPlaylists {
  readonly #options: SignedPlaylistsOptions;
  /** A player of a growing playlist asks for it every few seconds: what was signed lately still serves. */
  readonly #signed = new Map<string, { url: string; expiresAt: Date }>();

  constructor(options: SignedPlaylistsOptions) {
    this.#options = options;
  }

  async playlist(file: ClaimedObject): Promise<string> {
    const { read, spareSeconds } = this.#options;
    const text = await read(file);
    const { names, durationSeconds } = readPlaylist(text);
    const seconds = Math.ceil(durationSeconds) + spareSeconds;
    const urls = new Map<string, string>();
    for (const name of names) {
      urls.set(name, await this.#url({ ...file, key: keyBeside(file.key, name) }, seconds));
    }
    return renamed(text, urls);
  }

  async #url(segment: ClaimedObject, seconds: number): Promise<string> {
    // Before it is looked for among those that were signed for whoever they belong to.
    const { bucket, key } = OwnObject.of(segment);
    const id = `${bucket}/${key}`;
    const { sign, now } = this.#options;
    const known = this.#signed.get(id);
    const needed = Math.min(seconds, MAX_SECONDS / 2);
    if (known !== undefined && known.expiresAt.getTime() - now().getTime() >= needed * 1000) return known.url;
    const made = await sign(segment, needed * 2);
    this.#signed.delete(id);
    this.#signed.set(id, made);
    if (this.#signed.size > MAX_REMEMBERED) {
      const [oldest] = this.#signed.keys();
      if (oldest !== undefined) this.#signed.delete(oldest);
    }
    return made.url;
  }
}
