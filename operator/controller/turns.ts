export interface TurnsOptions {
  /** How many may be at it at a time. */
  limit: number;
  /** Called with keys whose turn may have come. */
  wake: (key: string) => void;
}

/**
 * So many at a time, and nobody is kept waiting: who finds no room leaves its key, and is called when there is some,
 * whoever came first before the others.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiting = new Set<string>();
  #taken = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** False: there is no room. Who gets a turn owes a giveBack(). */
  take(): boolean {
    if (this.#taken >= this.#options.limit) return false;
    this.#taken += 1;
    return true;
  }

  giveBack(): void {
    this.#taken -= 1;
    this.#wake();
  }

  /** Has the key called when there is room; harmless to repeat. */
  callWhenFree(key: string): void {
    this.#waiting.add(key);
    this.#wake();
  }

  #wake(): void {
    let free = this.#options.limit - this.#taken;
    for (const key of this.#waiting) {
      if (free-- <= 0) return;
      this.#waiting.delete(key);
      this.#options.wake(key);
    }
  }
}
