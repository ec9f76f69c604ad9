import type { Logger } from 'pino';
import { manifestSchema } from '../contract/manifest.ts';
import type { Manifest } from '../contract/manifest.ts';
import { attemptManifestKey, manifestKey } from '../contract/object-keys.ts';
import type { SigningKey } from '../contract/signing-keys.ts';
import { ObjectStoreError } from '../upload/object-store.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import { crc32Base64 } from '../upload/read-part.ts';
import { canonicalJson } from './canonical-json.ts';
import { composeManifest } from './compose.ts';
import { signatureState, signed } from './signature.ts';

export interface ManifestWriterOptions {
  readonly store: ObjectStore;
  /** Of the file that this attempt makes. */
  readonly key: string;
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly signingKey: SigningKey | undefined;
  readonly log: Logger;
}

/** More rounds than there are attempts of any recording: then something else is wrong. */
const MAX_ROUNDS = 20;
const FIRST_ATTEMPT = 1;

/** What became of it, as a result has it. */
export interface WrittenManifest {
  readonly key: string;
  /** ALGORITHM:VALUE, base64. */
  readonly checksum: string;
}

/**
 * Writes what an attempt has to say, and the manifest of all attempts. Several may do so at the same time: each puts its
 * own piece before it looks for those of the others, and looks once more behind, so that the last one knows all of them.
 */
export class ManifestWriter {
  readonly #options: ManifestWriterOptions;

  constructor(options: ManifestWriterOptions) {
    this.#options = options;
  }

  /** Returns when the manifest is in the object store. May be called again. Throws ObjectStoreError. */
  async write(piece: Manifest, signal: AbortSignal): Promise<WrittenManifest> {
    const { attempt, key } = this.#options;
    // Whoever is alone writes one object. A later attempt takes that for its piece.
    if (attempt === FIRST_ATTEMPT) {
      const written = await this.#put(manifestKey(key), piece, signal);
      if ((await this.#pieces(signal)).length === 0) return written;
    }
    await this.#put(attemptManifestKey(key, attempt), piece, signal);
    await this.#adopt(signal);
    for (let round = 1, before = await this.#pieces(signal); ; round += 1) {
      const found = await Promise.all(before.map((name) => this.#read(name, signal)));
      const pieces = found.filter((one) => one !== undefined);
      const manifest = composeManifest([...pieces, piece], new Date().toISOString());
      const written = await this.#put(manifestKey(key), manifest, signal);
      const after = await this.#pieces(signal);
      if (after.join('\n') === before.join('\n') || round === MAX_ROUNDS) return written;
      before = after;
    }
  }

  /** What this attempt has written before; undefined where that is nothing. Throws ObjectStoreError. */
  async find(signal: AbortSignal): Promise<Manifest | undefined> {
    const { attempt, key } = this.#options;
    const piece = await this.#read(attemptManifestKey(key, attempt), signal);
    if (piece !== undefined) return piece;
    const manifest = await this.#read(manifestKey(key), signal);
    const isOwn = manifest?.attempts.length === 1 && manifest.attempts[0]?.attempt === attempt;
    return isOwn ? manifest : undefined;
  }

  /** Puts the manifest of an attempt that was alone where those of several attempts are. */
  async #adopt(signal: AbortSignal): Promise<void> {
    const { key } = this.#options;
    const manifest = await this.#read(manifestKey(key), signal);
    const [alone, ...others] = manifest?.attempts ?? [];
    if (manifest === undefined || alone === undefined || others.length > 0) return;
    const pieceKey = attemptManifestKey(key, alone.attempt);
    if ((await this.#pieces(signal)).includes(pieceKey)) return;
    await this.#put(pieceKey, manifest, signal);
  }

  /** The keys of what attempts have written. Where the store does not let us look, nothing is known of others. */
  async #pieces(signal: AbortSignal): Promise<string[]> {
    const { store, key, log } = this.#options;
    const prefix = attemptManifestKey(key, 0).replace(/0\.json$/, '');
    try {
      const found = [...(await store.list(prefix, signal)).keys()];
      return found.filter((name) => /^[0-9]+\.json$/.test(name.slice(prefix.length))).sort();
    } catch (error) {
      if (!(error instanceof ObjectStoreError) || error.failure !== 'refused') throw error;
      log.warn({ prefix, error: error.message }, 'the manifest tells of this attempt alone');
      return [];
    }
  }

  /** Undefined where there is none, or none that can be trusted. */
  async #read(key: string, signal: AbortSignal): Promise<Manifest | undefined> {
    const { store, signingKey, log } = this.#options;
    const text = await readText(store, key, signal);
    if (text === undefined) return undefined;
    const refuse = (why: string): undefined => {
      log.warn({ key, why }, 'left out of the manifest');
    };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return refuse('it is no JSON');
    }
    const { data } = manifestSchema.safeParse(value);
    if (data === undefined) return refuse('it is no manifest');
    // With a key, what is signed with it is put together, and nothing that somebody else may have put there.
    if (signingKey !== undefined && signatureState(value as Manifest, [signingKey]).state !== 'valid')
      return refuse('it is not signed with the key of this installation');
    return data;
  }

  async #put(key: string, manifest: Manifest, signal: AbortSignal): Promise<WrittenManifest> {
    const { store, metadata, signingKey } = this.#options;
    const body = Buffer.from(`${canonicalJson(signed(manifest, signingKey))}\n`);
    const crc32 = crc32Base64(body);
    await store.put({ key, contentType: 'application/json', metadata, body, crc32 }, signal);
    return { key, checksum: `CRC32:${crc32}` };
  }
}

async function readText(store: ObjectStore, key: string, signal: AbortSignal): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  const isThere = await store.read(key, (bytes) => void pieces.push(Buffer.from(bytes)), signal);
  return isThere ? Buffer.concat(pieces).toString('utf8') : undefined;
}
