import { describe, expect, it } from 'vitest';
import { findWhenBusy } from './find-when-busy.ts';
import { explain } from './s3-errors.ts';
import type { SdkError } from './s3-errors.ts';

const stored = { sizeBytes: 1, metadata: {} };
const { signal } = new AbortController();

/** A store that fails so often before it finds the object, and the number of its looks. */
function storeThatFails(times: number, error: SdkError) {
  const store = {
    looks: 0,
    find: () => {
      store.looks += 1;
      return store.looks > times
        ? Promise.resolve(stored)
        : Promise.reject(explain(error, 'bucket', undefined));
    },
  };
  return store;
}

/** As the answer to HEAD is: without a word. */
const busy: SdkError = { name: 'UnknownError', $metadata: { httpStatusCode: 503 } };

describe('a look at an object', () => {
  it('is repeated where the store is busy', async () => {
    const store = storeThatFails(3, busy);
    expect(await findWhenBusy(store, 'key', signal)).toBe(stored);
    expect(store.looks).toBe(4);
  });

  it('is given up where it stays busy: the caller waits longer', async () => {
    const store = storeThatFails(Infinity, busy);
    await expect(findWhenBusy(store, 'key', signal)).rejects.toMatchObject({ failure: 'transient' });
    expect(store.looks).toBe(4);
  });

  it.each<[string, SdkError]>([
    ['is refused', { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }],
    ['is not answered', { name: 'TimeoutError' }],
    ['is to come later', { ...busy, $response: { headers: { 'retry-after': '2' } } }],
  ])('that %s is not repeated here', async (_, error) => {
    const store = storeThatFails(1, error);
    await expect(findWhenBusy(store, 'key', signal)).rejects.toMatchObject({ name: 'ObjectStoreError' });
    expect(store.looks).toBe(1);
  });

  it('is not waited for by whoever stops', async () => {
    const stop = new AbortController();
    const store = storeThatFails(1, busy);
    const found = findWhenBusy(store, 'key', stop.signal);
    stop.abort(new Error('stopped'));
    await expect(found).rejects.toThrow('stopped');
    expect(store.looks).toBe(1);
  });
});
