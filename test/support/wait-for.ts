import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** What is being waited for, for the error: "the recorder to listen". */
  readonly what: string;
  /** 30,000 ms unless told: generous, because it only matters when the test fails. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/** Nothing came within the time limit. Its cause is the last error that the probe threw. */
export class WaitTimeoutError extends Error {
  readonly code = 'WAIT_TIMEOUT';

  constructor(what: string, timeoutMs: number, options?: ErrorOptions) {
    super(`waited ${timeoutMs} ms for ${what}`, options);
    this.name = 'WaitTimeoutError';
  }
}

type Falsy = undefined | null | false;

/**
 * Asks `probe` again and again until it answers something, and returns that. A probe that throws or answers
 * undefined, null or false has not got it yet. Throws WaitTimeoutError.
 */
export async function waitFor<T>(probe: () => T, options: WaitOptions): Promise<Exclude<Awaited<T>, Falsy>> {
  const { what, timeoutMs = 30_000, intervalMs = 50, signal } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  while (true) {
    signal?.throwIfAborted();
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== null && answer !== false) {
        return answer as Exclude<Awaited<T>, Falsy>;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      throw new WaitTimeoutError(what, timeoutMs, lastError === undefined ? {} : { cause: lastError });
    }
    await sleep(intervalMs, undefined, { signal });
  }
}
