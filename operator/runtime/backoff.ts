/** Exponential waits with jitter, for connections that are tried for ever. */
export class Backoff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #tries = 0;

  constructor(options: { baseMs: number; maxMs: number; random: () => number }) {
    this.#baseMs = options.baseMs;
    this.#maxMs = options.maxMs;
    this.#random = options.random;
  }

  /** The next wait in milliseconds: between half of the step and the whole, never above the maximum. */
  next(): number {
    const step = Math.min(this.#baseMs * 2 ** Math.min(this.#tries++, 30), this.#maxMs);
    return step * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}
