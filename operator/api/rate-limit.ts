/** How much is let through: `burst` at once, `perSecond` on and on. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface Verdict {
  readonly isAllowed: boolean;
  /** Requests that would be let through now. */
  readonly remaining: number;
  /** Seconds until there is room for one; 0 where there is. */
  readonly retryAfterSeconds: number;
}

interface Bucket {
  tokens: number;
  /** Milliseconds on the clock that is given. */
  at: number;
}

const MAX_BUCKETS = 20_000;

/**
 * Token buckets, one a key, in this process's memory: with N replicas behind a balancer, N times as much gets through.
 * Of more keys than there is room for, those that have asked for nothing for the longest are forgotten.
 */
export class RateLimit {
  readonly rate: Rate;
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;
  readonly #maxBuckets: number;

  /** @param options.now milliseconds; may not go back */
  constructor(options: { rate: Rate; now: () => number; maxBuckets?: number }) {
    this.rate = options.rate;
    this.#now = options.now;
    this.#maxBuckets = options.maxBuckets ?? MAX_BUCKETS;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  take(key: string): Verdict {
    const { perSecond, burst } = this.rate;
    const now = this.#now();
    const known = this.#buckets.get(key);
    const refilled =
      known === undefined ? burst : Math.min(burst, known.tokens + ((now - known.at) / 1000) * perSecond);
    const isAllowed = refilled >= 1;
    const tokens = isAllowed ? refilled - 1 : refilled;
    // A map keeps the order of insertion: the first is the one that was idle the longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens, at: now });
    if (this.#buckets.size > this.#maxBuckets) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    const missing = Math.max(0, 1 - tokens);
    return { isAllowed, remaining: Math.floor(tokens), retryAfterSeconds: Math.ceil(missing / perSecond) };
  }
}
