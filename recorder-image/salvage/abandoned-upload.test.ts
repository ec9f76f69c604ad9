import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../upload/testing/memory-store.ts';
import { completeAbandonedUpload, usableParts } from './abandoned-upload.ts';
import type { AbandonedUploadOptions } from './abandoned-upload.ts';
import { Claim } from './claim.ts';

const part = (number: number, size = 8): { number: number; size: number; etag: string } => ({
  number,
  size,
  etag: `e${number}`,
});
const numbers = (parts: readonly { number: number }[]): number[] =>
  usableParts(parts.map(({ number }) => part(number))).map(({ number }) => number);

describe('the parts of which a file can be made', () => {
  it('are those from the first one on without a gap', () => {
    expect(numbers([part(1), part(2), part(4)])).toEqual([1, 2]);
    expect(numbers([part(2), part(3)])).toEqual([]);
    expect(numbers([])).toEqual([]);
  });

  it('end with one of another size, which can only be the last', () => {
    expect(usableParts([part(1), part(2, 3), part(3)]).map(({ number }) => number)).toEqual([1, 2]);
  });
});

describe('an abandoned upload', () => {
  const KEY = 'recordings/a.mp4';
  const forever = new AbortController().signal;
  const log = pino({ level: 'silent' });
  const optionsFor = (store: MemoryStore): AbandonedUploadOptions => ({
    store,
    key: KEY,
    metadata: { 'recording-id': 'a' },
    claim: new Claim({ store, key: KEY, log }),
    log,
    pause: () => Promise.resolve(),
  });
  const object = { key: KEY, contentType: 'video/mp4', metadata: { 'recording-id': 'a' } };

  async function begin(store: MemoryStore, parts: readonly number[]): Promise<void> {
    const { uploadId } = await store.create(object);
    for (const number of parts) {
      await store.sendPart({ key: KEY, uploadId, number, body: Buffer.from(`part ${number};`), crc32: '' });
    }
  }

  async function completed(store: MemoryStore): Promise<{ sizeBytes: number } | undefined> {
    const options = optionsFor(store);
    const stored = await completeAbandonedUpload(options, forever);
    await options.claim.release(forever);
    return stored;
  }

  it('becomes an object, the fullest of several, and the others are aborted', async () => {
    const store = new MemoryStore();
    await begin(store, [1]);
    await begin(store, [1, 2]);
    await begin(store, []);
    expect(await completed(store)).toMatchObject({ sizeBytes: 14 });
    expect(store.bodyOf(KEY)?.toString()).toBe('part 1;part 2;');
    expect(store.open).toBe(0);
  });

  it('does not replace what is there', async () => {
    const store = new MemoryStore();
    await store.put({ ...object, body: Buffer.from('the whole recording'), crc32: '' });
    await begin(store, [1, 2]);
    expect(await completed(store)).toMatchObject({ sizeBytes: 19 });
    expect(store.bodyOf(KEY)?.toString()).toBe('the whole recording');
    expect(store.open).toBe(0);
  });

  it('without its beginning is of no use', async () => {
    const store = new MemoryStore();
    await begin(store, [2, 3]);
    expect(await completed(store)).toBeUndefined();
    expect(store.open).toBe(0);
  });

  it('costs a claim that its salvage died with five minutes, and no more', async () => {
    const store = new MemoryStore();
    await new Claim({ store, key: KEY, log }).make(forever);
    let waited = 0;
    const pause = (ms: number): Promise<void> => {
      waited += ms;
      return Promise.resolve();
    };
    expect(await completeAbandonedUpload({ ...optionsFor(store), pause }, forever)).toBeUndefined();
    expect(waited).toBeGreaterThanOrEqual(300_000);
    expect(waited).toBeLessThan(310_000);
    expect(store.open).toBe(0);
  });
});
