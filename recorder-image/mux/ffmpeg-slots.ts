import { abortable } from '../support/abortable.ts';

/** How many FFmpegs a recorder runs at a time: its memory is requested for as many. */
const SLOTS = 2;
/** How many of them may work on what has ended: the other slot is there for what is being recorded. */
const SLOTS_FOR_ENDED = 1;

interface Waiting {
  readonly live: boolean;
  readonly start: () => void;
}

/**
 * Who may run an FFmpeg: two at a time, and only one of them on what has ended, so that what is being recorded never
 * waits for that. Whoever is live goes first, otherwise whoever came first.
 */
export class FfmpegSlots {
  readonly #running = { live: 0, ended: 0 };
  readonly #waiting: Waiting[] = [];

  /** Waits for a slot, which is held until it is disposed of. Throws the signal's reason. */
  async take({ live }: { readonly live: boolean }, signal: AbortSignal): Promise<Disposable> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { live, start: resolve };
    this.#waiting.push(waiting);
    this.#startNext();
    const kind = kindOf(live);
    try {
      await abortable(promise, signal);
    } catch (error) {
      const index = this.#waiting.indexOf(waiting);
      if (index === -1) this.#running[kind] -= 1;
      else this.#waiting.splice(index, 1);
      this.#startNext();
      throw error;
    }
    return {
      [Symbol.dispose]: () => {
        this.#running[kind] -= 1;
        this.#startNext();
      },
    };
  }

  #startNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#running[kindOf(next.live)] += 1;
      next.start();
    }
  }

  #next(): Waiting | undefined {
    const { live, ended } = this.#running;
    if (live + ended >= SLOTS) return undefined;
    const first = this.#waiting.find((waiting) => waiting.live);
    return first ?? (ended < SLOTS_FOR_ENDED ? this.#waiting[0] : undefined);
  }
}

function kindOf(live: boolean): 'live' | 'ended' {
  return live ? 'live' : 'ended';
}
