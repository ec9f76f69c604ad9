import { abortReason } from '../clock.ts';

/**
 * A signal that is aborted with a TimeoutError after `ms` milliseconds, or when `outer` is. Disposed of, it is nothing
 * to anybody: AbortSignal.timeout and AbortSignal.any would keep the request and its answer until the time is over.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  readonly #onOuter = (): void => this.#controller.abort(this.#outer?.reason);

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DOMException(`There was no answer within ${ms} ms`, 'TimeoutError'));
    }, ms);
    if (outer?.aborted) this.#onOuter();
    else outer?.addEventListener('abort', this.#onOuter, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Settles as the promise does, but no later than the deadline. */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    const late = Promise.withResolvers<never>();
    const giveUp = (): void => late.reject(abortReason(signal));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onOuter);
  }
}
