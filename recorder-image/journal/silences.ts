/** A stretch of the journal's timeline, in ms. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Shorter pauses between packets are none: encoders and networks make them. */
export const SHORTEST_SILENCE_MS = 2000;
/** Five and a half hours of nothing but pauses. Later ones are not kept apart. */
const MAX_STRETCHES = 10_000;

/** The stretches of the journal's timeline in which there is no media of any track. */
export class Silences {
  readonly #stretches: Stretch[] = [];
  #headMs: number | undefined;

  get stretches(): readonly Stretch[] {
    return this.#stretches;
  }

  /** Goes on from what an earlier recorder has found, up to this time, in ms. */
  restore(stretches: readonly Stretch[], headMs: number): void {
    this.#stretches.splice(0, Infinity, ...stretches);
    this.#headMs = headMs;
  }

  /** Media at this time, in ms. Tracks may be interleaved in any way. */
  observe(timestampMs: number): void {
    const headMs = this.#headMs ?? timestampMs;
    if (timestampMs - headMs > SHORTEST_SILENCE_MS && this.#stretches.length < MAX_STRETCHES)
      this.#stretches.push({ fromMs: headMs, toMs: timestampMs });
    this.#headMs = Math.max(headMs, timestampMs);
  }
}
