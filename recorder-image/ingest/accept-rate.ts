/** Connections a second that are let in: of all addresses, and of one network. What was not used is kept for a second. */
const ALL_PER_SECOND = 1000;
const NETWORK_PER_SECOND = 200;
const SECOND_MS = 1000;

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  at: number;
}

/** How fast connections may come: taking one costs some time, which a recording has to share. */
export class AcceptRate {
  readonly #now: () => number;
  readonly #all: Bucket;
  /** Of this second and the one before: a network that was quiet for a second is as good as one that never came. */
  #recent = new Map<string, Bucket>();
  #older = new Map<string, Bucket>();
  #since: number;

  /** @param now ms, of a clock that nobody sets */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
    this.#all = { tokens: ALL_PER_SECOND, at: this.#since };
  }

  /** Counts a connection, and tells whether it may come in. */
  allows(): boolean {
    return take(this.#all, ALL_PER_SECOND, this.#now());
  }

  /** The same for the network that it comes from. */
  allowsFrom(network: string): boolean {
    const now = this.#now();
    if (now - this.#since >= SECOND_MS) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#since = now;
    }
    const known = this.#recent.get(network) ?? this.#older.get(network);
    const bucket = known ?? { tokens: NETWORK_PER_SECOND, at: now };
    this.#recent.set(network, bucket);
    return take(bucket, NETWORK_PER_SECOND, now);
  }
}

function take(bucket: Bucket, perSecond: number, now: number): boolean {
  bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.at) * perSecond) / SECOND_MS);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}
