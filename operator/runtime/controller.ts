import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { abortReason } from './clock.ts';
import type { Clock } from './clock.ts';
import { ApiError } from './kube/api-error.ts';
import type { ControllerMetrics, ReconcileResult } from './metrics.ts';
import type { WorkQueue } from './work-queue.ts';

/**
 * Brings one object closer to what it should be. It is given a key, never an event, and looks at what is. Returning
 * nothing means: until something changes. Throwing means: again, after a back-off of this key's own, and not before the
 * API server wants to be asked again.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileAnswer>;

// A reconciler that has nothing to add returns nothing.
// oxlint-disable-next-line typescript/no-invalid-void-type
export type ReconcileAnswer = void | undefined | { requeueAfterMs: number };

/** Trying again will not help: it is counted and logged, and the key waits for its next change. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code = 'TerminalReconcileError';
}

/** Milliseconds of work after which sockets and timers have their turn. */
const SLICE_MS = 10;

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  queue: WorkQueue;
  /** How many keys are worked on at once. */
  workers: number;
  clock: Clock;
  log: Logger;
  metrics?: ControllerMetrics;
}

/** Hands keys from a queue to a reconciler, and what the reconciler says back to the queue. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #log: Logger;
  /** When sockets and timers last had theirs; monotonic milliseconds. */
  #breathedAt: number;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log.child({ controller: options.name });
    this.#breathedAt = options.clock.monotonic();
  }

  /**
   * Runs the workers until the queue is shut down, which `signal` does.
   *
   * @param abort given to the reconciler: what is under way is broken off
   */
  async run(signal: AbortSignal, abort: AbortSignal): Promise<void> {
    const { queue, workers } = this.#options;
    const stop = () => queue.shutDown();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    await Promise.all(Array.from({ length: workers }, () => this.#work(abort)));
  }

  async #work(abort: AbortSignal): Promise<void> {
    const { queue } = this.#options;
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      await this.#handle(key, abort);
      queue.done(key);
      await this.#breathe();
    }
  }

  /** Keys for which there is nothing to do wait for nothing: thousands of them in a row would keep the world out. */
  async #breathe(): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#breathedAt < SLICE_MS) return;
    await setImmediate();
    this.#breathedAt = clock.monotonic();
  }

  /** The four outcomes of a reconciliation, each a metric and a verb of the queue. Never rejects. */
  async #handle(key: string, abort: AbortSignal): Promise<void> {
    const { queue, metrics, clock } = this.#options;
    const started = clock.monotonic();
    metrics?.started();
    let result: ReconcileResult;
    try {
      const answer = await this.#options.reconcile(key, abort);
      queue.forget(key);
      if (answer) queue.addAfter(key, answer.requeueAfterMs);
      result = answer ? 'requeue_after' : 'success';
    } catch (error) {
      if (abort.aborted) {
        this.#log.debug({ key, reason: abortReason(abort).message }, 'reconciliation broken off');
        result = 'requeue';
      } else if (error instanceof TerminalError) {
        this.#log.error({ key, err: error }, 'reconciliation failed for good');
        queue.forget(key);
        result = 'terminal_error';
      } else {
        this.#log.warn({ key, err: error }, 'reconciliation failed, trying again');
        queue.addRateLimited(key, error instanceof ApiError ? error.retryAfterMs : undefined);
        result = 'error';
      }
    }
    metrics?.ended(result, (clock.monotonic() - started) / 1000);
  }
}
