import type { Logger } from 'pino';
import { pause } from '../support/pause.ts';
import { backoffMs } from './backoff.ts';
import { ObjectStoreError } from './object-store.ts';

/** How often something that grows is looked at, in ms. */
const GROWTH_MS = 1000;

/** The object store refuses the file for good. The file is still in the spool. */
export class UploadError extends Error {
  readonly code: string;
  override readonly name = 'UploadError';

  constructor(cause: ObjectStoreError) {
    super(cause.message, { cause });
    this.code = cause.code;
  }
}

/** What a step came to: nothing to do yet, something done, or all of it. */
export type Step<T> = 'waiting' | 'moved' | { readonly done: T };

export interface UploadLoopOptions {
  /** How long what is finished goes on being refused, in ms, until that counts as final. */
  readonly giveUpAfterMs: number;
  readonly random: () => number;
  /** Why it waits, and undefined once it goes on. */
  readonly onTrouble: (message: string | undefined) => void;
  /** Why the store has to be sent all of a file once more. */
  readonly onReupload?: (why: string) => void;
  readonly log: Logger;
}

/**
 * Takes one step after another until all is in the object store. Failures of the store and of the disk are waited out
 * for as long as it takes; only a refusal of what is finished, or a fault of the program, ends it.
 */
export class UploadLoop {
  readonly #options: UploadLoopOptions;
  #finished = new AbortController();
  #refusedSince: number | undefined;

  constructor(options: UploadLoopOptions) {
    this.#options = options;
  }

  /** Whether what is uploaded is as it will stay. */
  get isFinished(): boolean {
    return this.#finished.signal.aborted;
  }

  finish(): void {
    this.#refusedSince = undefined;
    this.#finished.abort();
  }

  /** It grows again. */
  reopen(): void {
    if (this.isFinished) this.#finished = new AbortController();
  }

  /** Throws {@link UploadError}, the signal's reason, or what is no failure of the store or the disk. */
  async run<T>(
    step: () => Promise<Step<T>>,
    recover: (error: ObjectStoreError) => Promise<void>,
    signal: AbortSignal,
  ): Promise<T> {
    for (let failures = 0; ;) {
      try {
        const result = await step();
        if (typeof result === 'object') return result.done;
        if (result === 'waiting') await this.#pause(GROWTH_MS, signal);
        else this.#options.onTrouble(undefined);
        failures = 0;
        this.#refusedSince = undefined;
      } catch (error) {
        signal.throwIfAborted();
        if (!isOfTheWorld(error)) throw error;
        failures += 1;
        if (error instanceof ObjectStoreError) await recover(error);
        await this.#wait(error, failures, signal);
      }
    }
  }

  async #wait(error: Error, failures: number, signal: AbortSignal): Promise<void> {
    const { log, onTrouble, random, giveUpAfterMs } = this.#options;
    const failure = error instanceof ObjectStoreError ? error.failure : 'transient';
    log.warn({ failures, failure, error: error.message }, 'upload failed; trying again');
    onTrouble(error.message);
    if (failure === 'refused' && this.isFinished && error instanceof ObjectStoreError) {
      this.#refusedSince ??= performance.now();
      if (performance.now() - this.#refusedSince >= giveUpAfterMs) throw new UploadError(error);
    }
    const asked = error instanceof ObjectStoreError ? (error.retryAfterMs ?? 0) : 0;
    await this.#pause(Math.max(asked, backoffMs(failures, random)), signal);
  }

  /** Until the time (ms) is over, or all is finished: it is then tried at once, whatever there was to wait for. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, this.isFinished ? [signal] : [signal, this.#finished.signal]);
    signal.throwIfAborted();
  }
}

/** The store and the disk fail and recover; anything else is wrong in here, and would fail for ever. */
export function isOfTheWorld(error: unknown): error is Error {
  return error instanceof ObjectStoreError || (error instanceof Error && 'syscall' in error);
}
