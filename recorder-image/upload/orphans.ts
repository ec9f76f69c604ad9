import type { Logger } from 'pino';
import { ObjectStoreError } from './object-store.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Aborts the multipart uploads of this key that have no parts: they were begun by somebody who died before it could
 * note their id. One that has parts is somebody's recording, and left alone.
 */
export async function abortEmptyUploads(
  options: { readonly store: ObjectStore; readonly key: string; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { store, key, log } = options;
  try {
    for (const { uploadId } of await store.openUploads(key, signal)) {
      if ((await store.partsOf(key, uploadId, signal)).length > 0) continue;
      await store.abort(key, uploadId, signal);
      log.info({ uploadId }, 'aborted a multipart upload that an earlier try had begun');
    }
  } catch (error) {
    // Who may not list uploads has to leave this one to the bucket's lifecycle rule.
    const tolerable = error instanceof ObjectStoreError && error.failure !== 'transient';
    if (!tolerable) throw error;
    log.info({ error: error.message }, 'multipart uploads begun earlier could not be looked for');
  }
}

/** Aborts an upload that is of no use any more. One that stays is left to the sweep and the bucket's lifecycle rule. */
export async function abortQuietly(
  options: {
    readonly store: ObjectStore;
    readonly key: string;
    readonly uploadId: string;
    readonly log: Logger;
  },
  signal: AbortSignal,
): Promise<void> {
  const { store, key, uploadId, log } = options;
  try {
    await store.abort(key, uploadId, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ObjectStoreError && error.failure === 'no-such-upload') return;
    log.info({ key, uploadId, error: String(error) }, 'an upload of no use could not be aborted');
  }
}
