import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';

/** How many takes that have ended are worked on at a time: of forty, each would cost memory, and none would come first. */
const MOST_ENDED = 2;

/** Who may work on a take: a live one always may, and those that have ended take turns, the earliest first. */
export class TakeSlots {
  readonly #working = new Set<Take>();
  #left = Promise.withResolvers<void>();

  /**
   * Waits for the take's turn, which lasts until what is returned is disposed of. One that ends meanwhile is counted with
   * those that have. Throws the signal's reason.
   */
  async enter(take: Take, signal: AbortSignal): Promise<Disposable> {
    while (take.ended && this.#ended() >= MOST_ENDED) await abortable(this.#left.promise, signal);
    this.#working.add(take);
    return { [Symbol.dispose]: () => this.#leave(take) };
  }

  #ended(): number {
    return [...this.#working].filter(({ ended }) => ended).length;
  }

  #leave(take: Take): void {
    this.#working.delete(take);
    const { resolve } = this.#left;
    this.#left = Promise.withResolvers();
    resolve();
  }
}
