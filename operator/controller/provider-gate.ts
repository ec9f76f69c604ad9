import type { Clock } from '../runtime/clock.ts';

/** Waits after Agora has said that its quota is used up, in milliseconds; the last one repeats. */
const WAITS_MS = [5000, 10_000, 15_000, 30_000, 60_000];
const SOONEST_MS = 5000;
/** Milliseconds without a refusal after which what was learnt is out of date. */
const FORGET_MS = 600_000;

/** Pushes of recordings that hold a slot. */
export interface Pushes {
  /** That Agora has granted, and that have not ended. */
  readonly granted: number;
  /** That are about to be asked for: their recorders are being made. */
  readonly asking: number;
}

/**
 * Agora's quota of concurrent pushes, which nobody can ask for: it is learnt from a refusal, which says that there is
 * room for those that are granted by then, and no more. From then on, whenever a wait is over, one more than that may be
 * tried; with each that is granted, one more at a time, so that a larger quota is found in a few rounds.
 */
export class ProviderGate {
  readonly #clock: Clock;
  /** How many pushes Agora has room for, as far as is known. */
  #room = Number.POSITIVE_INFINITY;
  /** How many more than that may be tried at a time, once the wait is over. */
  #more = 1;
  /** Waits in a row that ended with a refusal. */
  #refusals = 0;
  #closedUntil = 0;
  #refusedAt = 0;

  constructor(options: { clock: Clock }) {
    this.#clock = options.clock;
  }

  /** Milliseconds until it is worth trying one more than there is known to be room for. */
  get waitMs(): number {
    return Math.max(0, this.#closedUntil - this.#clock.monotonic());
  }

  /** How many more pushes may be asked for. */
  left({ granted, asking }: Pushes): number {
    if (this.#clock.monotonic() - this.#refusedAt > FORGET_MS) this.#forget();
    return this.#room - granted - asking + (this.waitMs === 0 ? this.#more : 0);
  }

  /** Agora had no room beside these. Several may have asked at once: only the first to be refused makes the wait longer. */
  refused(granted: number): void {
    const now = this.#clock.monotonic();
    if (this.waitMs === 0) {
      this.#closedUntil = now + (WAITS_MS[Math.min(this.#refusals, WAITS_MS.length - 1)] ?? SOONEST_MS);
      this.#refusals += 1;
    } else if (granted < this.#room)
      // A push that has ended should have left room, which Agora may only not know of yet.
      this.#closedUntil = Math.min(this.#closedUntil, now + SOONEST_MS);
    this.#room = granted;
    this.#more = 1;
    this.#refusedAt = now;
  }

  /** Agora carries these by now. True: more may be tried than before. */
  granted(granted: number): boolean {
    if (granted <= this.#room) return false;
    this.#room = granted;
    // Of several that asked at once, some are granted after others were refused: that is no sign of more room.
    if (this.waitMs > 0) return false;
    this.#more += 1;
    this.#refusals = 0;
    return true;
  }

  /** A push has ended that was not counted among those granted. */
  freed(): void {
    this.#room += 1;
  }

  #forget(): void {
    this.#room = Number.POSITIVE_INFINITY;
    this.#refusals = 0;
  }
}
