import type { Logger } from 'pino';

const LINES_PER_SECOND = 5;
const SECOND_MS = 1000;

/** Tells of connections that were refused, so many a second at most: a crowd must not write the log for everybody. */
export class RefusalLog {
  readonly #log: Logger;
  #since = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #omitted = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  note(address: string, why: string): void {
    const now = performance.now();
    if (now - this.#since >= SECOND_MS) {
      this.#since = now;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines > LINES_PER_SECOND) {
      this.#omitted += 1;
      return;
    }
    const omitted = this.#omitted === 0 ? {} : { omitted: this.#omitted };
    this.#omitted = 0;
    this.#log.warn({ publisher: address, why, ...omitted }, 'connection refused');
  }
}
