/** Does one thing after the other, in the order in which they came. */
export class Lane<T> {
  readonly #work: (item: T) => Promise<void>;
  /** Taken from `#next` on; a burst may be long, and taking from the front of an array moves all of it. */
  #items: T[] = [];
  #next = 0;
  #running: Promise<void> | undefined;
  #isAtWork = false;

  /** @param work must not reject */
  constructor(work: (item: T) => Promise<void>) {
    this.#work = work;
  }

  /** How many wait, the one at work included. */
  get length(): number {
    return this.#items.length - this.#next + (this.#isAtWork ? 1 : 0);
  }

  push(item: T): void {
    this.#items.push(item);
    this.#running ??= this.#run();
  }

  /** Resolves when there is nothing left to do. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever pushes goes on before the work begins.
    await Promise.resolve();
    while (this.#next < this.#items.length) {
      const item = this.#items[this.#next++];
      if (this.#next === this.#items.length || this.#next >= 1024) {
        this.#items = this.#items.slice(this.#next);
        this.#next = 0;
      }
      this.#isAtWork = true;
      if (item !== undefined) await this.#work(item);
      this.#isAtWork = false;
    }
    this.#running = undefined;
  }
}
