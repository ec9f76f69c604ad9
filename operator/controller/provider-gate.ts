import type { Clock } from '../runtime/clock.ts';

/** Waits after Agora has said that its quota is used up, in milliseconds. */
const WAITS_MS = [5000, 10_000, 15_000, 30_000, 60_000];

/**
 * Agora's quota of concurrent pushes, which nobody can ask for: it is known to be used up when a push was refused.
 * Then nothing is tried for a while, or until a push of ours has ended.
 */
export class ProviderGate {
  readonly #clock: Clock;
  #refusals = 0;
  #closedUntil = 0;

  constructor(options: { clock: Clock }) {
    this.#clock = options.clock;
  }

  isOpen(): boolean {
    return this.#clock.monotonic() >= this.#closedUntil;
  }

  /** Milliseconds until it is worth asking again. */
  get waitMs(): number {
    return Math.max(0, this.#closedUntil - this.#clock.monotonic());
  }

  refused(): void {
    const wait = WAITS_MS[Math.min(this.#refusals++, WAITS_MS.length - 1)] ?? 60_000;
    this.#closedUntil = this.#clock.monotonic() + wait;
  }

  /** A push was granted. */
  granted(): void {
    this.#refusals = 0;
  }

  /** A push has ended: there may be room. */
  freed(): void {
    this.#closedUntil = 0;
  }
}
