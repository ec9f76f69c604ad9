import { pause } from '../support/pause.ts';
import { ObjectStoreError } from './object-store.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import type { SdkError } from './s3-errors.ts';

/** Between looks, in ms. */
const PAUSES_MS = [100, 200, 400];

/**
 * Looks for an object, and soon again where the store answers that it is busy. What comes behind the look begins with it
 * again when it fails: a store that refuses every second request would let both through only once in four times, and the
 * pauses between those grow to 15 s. Throws ObjectStoreError.
 */
export async function findWhenBusy(
  store: Pick<ObjectStore, 'find'>,
  key: string,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  for (const ms of PAUSES_MS) {
    try {
      return await store.find(key, signal);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await pause(ms, [signal]);
    signal.throwIfAborted();
  }
  return await store.find(key, signal);
}

/** It has answered, and did not ask for a longer pause. One that does not answer may take a minute for that each time. */
function isBusy(error: unknown): boolean {
  if (!(error instanceof ObjectStoreError) || error.retryAfterMs !== undefined) return false;
  const status = (error.cause as SdkError | undefined)?.$metadata?.httpStatusCode ?? 0;
  return error.failure === 'transient' && status >= 500;
}
