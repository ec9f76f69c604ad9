import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../contract/manifest.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { SigningKey } from '../contract/signing-keys.ts';
import { MemoryStore, storeError } from '../upload/testing/memory-store.ts';
import { ManifestWriter } from './manifest-writer.ts';
import { signatureState } from './signature.ts';
import { pieceOf } from './testing/pieces.ts';

const FOLDER = 'recordings/standup/rec-0123456789ab/';
const forever = new AbortController().signal;
const log = pino({ level: 'silent' });

function writerOf(store: MemoryStore, attempt: number, signingKey?: SigningKey): ManifestWriter {
  const file = attempt === 1 ? 'recording.mp4' : `recording-attempt${attempt}.mp4`;
  return new ManifestWriter({ store, key: `${FOLDER}${file}`, attempt, metadata: {}, signingKey, log });
}

function manifestIn(store: MemoryStore, name = 'manifest.json'): Manifest {
  return manifestSchema.parse(JSON.parse(store.bodyOf(`${FOLDER}${name}`)?.toString() ?? 'null'));
}

const attemptsIn = (store: MemoryStore): number[] => manifestIn(store).attempts.map(({ attempt }) => attempt);

describe('writing a manifest', () => {
  it('is one object where there is one attempt, also when it is written once more', async () => {
    const store = new MemoryStore();
    for (const _ of [1, 2]) {
      const written = await writerOf(store, 1).write(pieceOf(1, [0, 10]), forever);
      expect(written).toMatchObject({ key: `${FOLDER}manifest.json` });
      expect(written.checksum).toMatch(/^CRC32:/);
    }
    expect([...(await store.list(FOLDER)).keys()]).toEqual([`${FOLDER}manifest.json`]);
  });

  it.each([
    ['one after the other', [1, 2, 3]],
    ['in another order, as when the first one is salvaged late', [2, 3, 1]],
    ['again and again', [1, 2, 1, 3, 2, 2, 1]],
  ])('tells of all attempts that write %s', async (_, order) => {
    const store = new MemoryStore();
    for (const attempt of order)
      await writerOf(store, attempt).write(pieceOf(attempt, [attempt * 10, attempt * 10 + 9]), forever);
    expect(attemptsIn(store)).toEqual([1, 2, 3]);
    expect(manifestIn(store).gaps).toHaveLength(2);
  });

  it('tells of all attempts that write at the same time, whoever is quicker', async () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const store = new ShuffledStore(seed);
      await Promise.all(
        [1, 2, 3].map((attempt) =>
          writerOf(store, attempt).write(pieceOf(attempt, [attempt * 10, attempt * 10 + 9]), forever),
        ),
      );
      expect(attemptsIn(store)).toEqual([1, 2, 3]);
    }
  });

  it('is signed, and takes no piece that is not', async () => {
    const store = new MemoryStore();
    const key = { id: 'installation', secret: Buffer.from('0123456789abcdef') };
    await writerOf(store, 2, key).write(pieceOf(2, [10, 19]), forever);
    const body = Buffer.from(JSON.stringify(pieceOf(7, [0, 1])));
    const forged = { key: `${FOLDER}manifest-attempt7.json`, contentType: 'application/json', metadata: {} };
    await store.put({ ...forged, body, crc32: '' });
    await writerOf(store, 3, key).write(pieceOf(3, [20, 29]), forever);
    expect(attemptsIn(store)).toEqual([2, 3]);
    const text = store.bodyOf(`${FOLDER}manifest.json`)?.toString() ?? '';
    expect(signatureState(JSON.parse(text) as Manifest, [key]).state).toBe('valid');
  });

  it('is the same, byte for byte, when an attempt writes the same once more', async () => {
    const store = new MemoryStore();
    for (const attempt of [1, 2])
      await writerOf(store, attempt).write(pieceOf(attempt, [attempt * 10, attempt * 10 + 9]), forever);
    const written = store.bodyOf(`${FOLDER}manifest.json`)?.toString();
    for (const attempt of [1, 2]) {
      const piece = await writerOf(store, attempt).find(forever);
      await writerOf(store, attempt).write(piece ?? pieceOf(9, [0, 0]), forever);
      expect(store.bodyOf(`${FOLDER}manifest.json`)?.toString()).toBe(written);
    }
  });

  it("never takes the place of another recording's", async () => {
    const store = new MemoryStore();
    const key = 'recordings/standup/rec.mp4';
    const writerFor = (uid: string): ManifestWriter => {
      const metadata = { 'recording-id': 'rec', 'recording-uid': uid };
      return new ManifestWriter({ store, key, attempt: 1, metadata, signingKey: undefined, log });
    };
    await writerFor('one').write(pieceOf(1, [0, 10]), forever);
    const before = store.bodyOf('recordings/standup/rec.manifest.json');
    await expect(writerFor('other').write(pieceOf(1, [0, 5]), forever)).rejects.toThrow('KeyTaken');
    expect(store.bodyOf('recordings/standup/rec.manifest.json')).toEqual(before);
  });

  it('finds what the attempt has written before', async () => {
    const store = new MemoryStore();
    expect(await writerOf(store, 1).find(forever)).toBeUndefined();
    await writerOf(store, 1).write(pieceOf(1, [0, 10]), forever);
    expect(await writerOf(store, 1).find(forever)).toEqual(pieceOf(1, [0, 10]));
    expect(await writerOf(store, 2).find(forever)).toBeUndefined();
    await writerOf(store, 2).write(pieceOf(2, [10, 20]), forever);
    expect(await writerOf(store, 1).find(forever)).toEqual(pieceOf(1, [0, 10]));
  });

  it('tells of its attempt alone where the store does not let it look for others', async () => {
    const store = new MemoryStore();
    await writerOf(store, 2).write(pieceOf(2, [10, 19]), forever);
    store.list = () => Promise.reject(storeError('AccessDenied', 'refused'));
    await writerOf(store, 1).write(pieceOf(1, [0, 9]), forever);
    expect(attemptsIn(store)).toEqual([1]);
    await writerOf(store, 3).write(pieceOf(3, [20, 29]), forever);
    expect(attemptsIn(store)).toEqual([3]);
  });

  it('fails where the store fails', async () => {
    const store = new MemoryStore();
    store.fate = () => ({ error: new Error('no'), afterwards: false });
    await expect(writerOf(store, 1).write(pieceOf(1, [0, 10]), forever)).rejects.toThrow('no');
  });
});

/** One whose requests take turns that a seed decides on. */
class ShuffledStore extends MemoryStore {
  #state: number;

  constructor(seed: number) {
    super();
    this.#state = seed + 1;
    for (const verb of ['put', 'list', 'read'] as const) {
      const own = this[verb].bind(this) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(this, {
        [verb]: async (...args: unknown[]) => {
          await this.#turns();
          return await own(...args);
        },
      });
    }
  }

  async #turns(): Promise<void> {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    for (let turns = this.#state % 7; turns > 0; turns -= 1) await Promise.resolve();
  }
}
