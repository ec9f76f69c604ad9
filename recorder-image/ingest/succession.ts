import { setTimeout as sleep } from 'node:timers/promises';

/** A publisher whose last media is older than this, in ms, counts as silent. */
const ALIVE_MS = 2000;
/** After a live publisher was displaced, the new one keeps its place for so long, in ms, counted from the last attempt. */
const TRUCE_MS = 300_000;
const LOOK_MS = 100;

export interface Incumbent {
  /** When its last media came, in ms of {@link SuccessionOptions.now}. */
  readonly lastMediaAt: () => number;
  /** Whether it publishes no longer. */
  readonly gone: () => boolean;
  /** Hands on what its socket holds already. */
  readonly drain: () => Promise<void>;
  /** Reads at once what comes. */
  readonly hurry: () => void;
}

export interface SuccessionOptions {
  /** Milliseconds, of a clock that nobody sets. */
  readonly now: () => number;
}

/**
 * Who publishes when two have the right key. The newcomer, at once: as a rule it is the same publisher, and the connection
 * that it had is dead or about to be. But two that are both alive, and both come back when they are closed, would displace
 * each other for ever: so one that has displaced a live publisher keeps its place as long as it sends, until nobody has
 * tried to take it for five minutes.
 */
export class Succession {
  readonly #now: () => number;
  #truceUntil = Number.NEGATIVE_INFINITY;

  constructor({ now }: SuccessionOptions) {
    this.#now = now;
  }

  /** Drains the incumbent, and returns whether a newcomer may take its place. */
  async mayTakeOver(incumbent: Incumbent): Promise<boolean> {
    await incumbent.drain();
    if (incumbent.gone() || !this.#isAlive(incumbent)) return true;
    const truce = this.#now() < this.#truceUntil;
    this.#truceUntil = this.#now() + TRUCE_MS;
    return !truce || (await this.#fallsSilent(incumbent));
  }

  #isAlive(incumbent: Incumbent): boolean {
    return this.#now() - incumbent.lastMediaAt() < ALIVE_MS;
  }

  /** Waits until it has sent something, or nothing for long enough to count as silent. */
  async #fallsSilent(incumbent: Incumbent): Promise<boolean> {
    const last = incumbent.lastMediaAt();
    while (!incumbent.gone() && this.#isAlive(incumbent)) {
      incumbent.hurry();
      await sleep(LOOK_MS);
      if (incumbent.lastMediaAt() !== last) return false;
    }
    return true;
  }
}
