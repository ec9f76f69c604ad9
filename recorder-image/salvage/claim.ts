import type { Logger } from 'pino';
import { ObjectStoreError } from '../upload/object-store.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import { MAX_PARTS } from '../upload/part-plan.ts';
import type { StoredPart } from '../upload/part-plan.ts';
import { crc32Base64 } from '../upload/read-part.ts';

export interface ClaimOptions {
  readonly store: ObjectStore;
  readonly key: string;
  readonly log: Logger;
}

/** An open upload that can be a claim. */
export interface ClaimLeft {
  readonly uploadId: string;
  /** It has the part by which a claim is known, and not none at all. */
  readonly marked: boolean;
}

/**
 * Says that a salvage is about to put an object in its place. Some stores list an upload no more while they complete it
 * and have no object yet, and some have none for a moment while one replaces another: who looks then sees nothing at
 * all. A claim is an open upload of the same key that has only the last possible part, of which no object can be made.
 */
export class Claim {
  readonly #options: ClaimOptions;
  #uploadId: string | undefined;

  constructor(options: ClaimOptions) {
    this.#options = options;
  }

  get uploadId(): string | undefined {
    return this.#uploadId;
  }

  /**
   * To be called before what it announces. What an earlier salvage has left of a claim is taken over: else a salvage that
   * is killed again and again would leave one each time.
   */
  async make(signal: AbortSignal, left?: ClaimLeft): Promise<void> {
    if (this.#uploadId === undefined && left?.marked === true) this.#uploadId = left.uploadId;
    for (let unmarked = left?.uploadId; this.#uploadId === undefined; unmarked = undefined) {
      const { store, key } = this.#options;
      const object = { key, contentType: 'application/octet-stream', metadata: {} };
      const uploadId = unmarked ?? (await store.create(object, signal)).uploadId;
      const body = Buffer.from('salvage');
      const crc32 = crc32Base64(body);
      try {
        await store.sendPart({ key, uploadId, number: MAX_PARTS, body, crc32 }, signal);
        this.#uploadId = uploadId;
      } catch (error) {
        // Another salvage has found the object, and aborted what was open.
        if (!isGone(error)) throw error;
      }
    }
  }

  /** To be called once what it announced can be seen. One that stays is aborted by the next salvage. */
  async release(signal: AbortSignal): Promise<void> {
    const { store, key, log } = this.#options;
    const uploadId = this.#uploadId;
    if (uploadId === undefined) return;
    try {
      await abortIfThere(store, { key, uploadId }, signal);
    } catch (error) {
      log.warn({ key, uploadId, error: String(error) }, 'the claim of this salvage could not be aborted');
    }
  }
}

/** Whether an upload with these parts is a salvage's claim. */
export function isClaim(parts: readonly StoredPart[]): boolean {
  return parts[0]?.number === MAX_PARTS;
}

/** Aborts an upload that another salvage may have aborted or completed meanwhile. */
export async function abortIfThere(
  store: ObjectStore,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await store.abort(key, uploadId, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Whether a request failed because the upload is no more: somebody has completed or aborted it. */
export function isGone(error: unknown): boolean {
  return error instanceof ObjectStoreError && error.failure === 'no-such-upload';
}
