/** In units of the track's timescale, counted from the file's beginning. */
export interface SampleTimes {
  readonly dts: number;
  /** The presentation time less the decoding time; may be negative. */
  readonly offset: number;
}

/**
 * Puts times in ms on a track's timescale. MP4 wants every sample to last a little: those of the same ms come one unit
 * after another, but never so many of them that rounding to ms would not give back what was sent.
 */
export class SampleClock {
  readonly #timescale: number;
  readonly #mostAhead: number;
  #last = Number.NEGATIVE_INFINITY;

  /** @param timescale units per second, at least 2000 */
  constructor(timescale: number) {
    this.#timescale = timescale;
    this.#mostAhead = Math.floor(timescale / 2000) - 1;
  }

  /** Both times in ms from the file's beginning. */
  place(dtsMs: number, ptsMs: number): SampleTimes {
    const exact = Math.max(0, this.#units(dtsMs));
    const dts = Math.max(exact, this.#last, Math.min(this.#last + 1, exact + this.#mostAhead));
    this.#last = dts;
    return { dts, offset: this.#units(ptsMs) - this.#units(dtsMs) };
  }

  #units(ms: number): number {
    return Math.round((ms * this.#timescale) / 1000);
  }
}
