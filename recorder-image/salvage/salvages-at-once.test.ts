import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { MadeObject, ObjectStore, StoredObject } from '../upload/object-store.ts';
import { MemoryStore, storeError } from '../upload/testing/memory-store.ts';
import { completeAbandonedUpload, findAgain } from './abandoned-upload.ts';
import { Claim } from './claim.ts';
import { Turns } from './testing/turns.ts';

const KEY = 'recordings/a.mp4';
const OBJECT = { key: KEY, contentType: 'video/mp4', metadata: { 'recording-id': 'a' } };
const forever = new AbortController().signal;
const log = pino({ level: 'silent' });
/** More steps than any salvage takes. */
const ALL = 1000;

interface Kind {
  /** Completing what somebody else completes, or has completed, is answered with success, as versitygw does. */
  readonly idempotent: boolean;
}

/** A salvage's view of the store: each request is a step, and a completion two, between which nothing can be seen. */
function inSteps(memory: MemoryStore, { idempotent }: Kind, turn: () => Promise<void>): ObjectStore {
  const complete: ObjectStore['complete'] = async (upload) => {
    let finish: () => MadeObject;
    try {
      finish = memory.startCompleting(upload);
    } catch (error) {
      if (idempotent) return {};
      throw error;
    }
    // One that replaces an object takes the old one away first.
    await memory.delete(KEY);
    await turn();
    return finish();
  };
  const own = { complete };
  return new Proxy<ObjectStore>(memory, {
    get: (target, name: keyof ObjectStore) => {
      const verb = name === 'complete' ? own.complete : (target[name] as (...args: unknown[]) => unknown);
      return async (...args: unknown[]): Promise<unknown> => {
        await turn();
        return await Reflect.apply(verb, target, args);
      };
    },
  });
}

/** A salvage without FFmpeg: completes what was left, and replaces it by what stands for the file with an index. */
async function salvage(store: ObjectStore, pause: () => Promise<void>): Promise<StoredObject | undefined> {
  const claim = new Claim({ store, key: KEY, log });
  const options = { store, key: KEY, metadata: OBJECT.metadata, claim, log, pause };
  try {
    const stored = await completeAbandonedUpload(options, forever);
    if (stored === undefined || stored.metadata['salvaged'] === 'indexed') return stored;
    await claim.make(forever);
    await replace(store);
    return await findAgain(options, forever);
  } finally {
    await claim.release(forever);
  }
}

async function replace(store: ObjectStore): Promise<void> {
  const metadata = { ...OBJECT.metadata, salvaged: 'indexed' };
  for (let tries = 1; tries <= 3; tries += 1) {
    try {
      const { uploadId } = await store.create({ ...OBJECT, metadata }, forever);
      const body = Buffer.from('with an index');
      const etag = await store.sendPart({ key: KEY, uploadId, number: 1, body, crc32: '' }, forever);
      const parts = [{ number: 1, size: body.length, etag }];
      await store.complete({ key: KEY, uploadId, parts, fullObjectChecksum: false }, forever);
      return;
    } catch (error) {
      // The other one has aborted it.
      if ((error as { code?: string }).code !== 'NoSuchUpload') throw error;
    }
  }
  throw storeError('NoSuchUpload', 'no-such-upload');
}

/** Two salvages: the first takes `first` steps, the second `second`, then the first `third`, and so on to the end. */
async function interleave(kind: Kind, steps: readonly number[]): Promise<{ firstTook: number }> {
  const memory = new MemoryStore();
  const { uploadId } = await memory.create(OBJECT);
  for (const number of [1, 2])
    await memory.sendPart({ key: KEY, uploadId, number, body: Buffer.from(`part ${number};`), crc32: '' });
  const turns = new Turns();
  const start = (name: string): Promise<StoredObject | undefined> =>
    turns.start(name, (turn) => salvage(inSteps(memory, kind, turn), turn));
  const [one, other] = [start('one'), start('other')];
  let firstTook = 0;
  for (const [index, count] of steps.entries()) {
    const taken = await turns.take(index % 2 === 0 ? 'one' : 'other', count);
    if (index === 0) firstTook = taken;
  }
  // To the end, in turn: who waits for the other one sees it get on.
  for (let left = 2; left > 0;) left = (await turns.take('one', 1)) + (await turns.take('other', 1));
  const what = JSON.stringify({ kind, steps });
  for (const answer of await Promise.all([one, other])) {
    expect(answer, what).toMatchObject({ metadata: { 'recording-id': 'a' } });
  }
  expect(memory.bodyOf(KEY)?.toString(), what).toBe('with an index');
  expect(memory.open, what).toBe(0);
  return { firstTook };
}

describe.each([{ idempotent: false }, { idempotent: true }])('two salvages at once, %o', (kind) => {
  it('both end with the file, wherever one is interrupted by the other one, up to three times', async () => {
    const { firstTook: length } = await interleave(kind, [ALL]);
    expect(length).toBeGreaterThan(10);
    for (let first = 0; first <= length; first += 1) {
      for (let second = 1; second <= length; second += 1) {
        for (let third = 1; third <= length; third += 1) await interleave(kind, [first, second, third]);
      }
    }
  }, 120_000);
});
