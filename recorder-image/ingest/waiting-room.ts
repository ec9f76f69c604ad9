/** Connections that have not proved the key, at a time: of all addresses, and of one. */
const MAX_WAITING = 64;
const MAX_WAITING_PER_ADDRESS = 16;

/** A connection that has not proved the key. */
export interface Visitor {
  /** IP address. */
  readonly host: string;
  /** Whether the handshake is over. */
  readonly greeted: boolean;
  readonly close: () => void;
}

/**
 * Where connections are until they have proved the key. When it is full, the newcomer is let in and another has to go:
 * of the address that has the most in here, the oldest that has not even finished the handshake. So a crowd from one
 * address pushes out itself, and idle connections never keep a publisher out that says at once what it wants.
 */
export class WaitingRoom {
  /** Oldest first. */
  readonly #visitors = new Set<Visitor>();

  get size(): number {
    return this.#visitors.size;
  }

  enter(visitor: Visitor): void {
    const neighbours = this.#of(visitor.host);
    if (neighbours.length >= MAX_WAITING_PER_ADDRESS) this.#expelOneOf(neighbours);
    else if (this.#visitors.size >= MAX_WAITING) this.#expelOneOf(this.#largestCrowd());
    this.#visitors.add(visitor);
  }

  leave(visitor: Visitor): void {
    this.#visitors.delete(visitor);
  }

  /** Closes all of them. */
  close(): void {
    for (const visitor of this.#visitors) visitor.close();
    this.#visitors.clear();
  }

  #of(host: string): readonly Visitor[] {
    return [...this.#visitors].filter((visitor) => visitor.host === host);
  }

  #largestCrowd(): readonly Visitor[] {
    const crowds = Map.groupBy(this.#visitors, ({ host }) => host);
    return [...crowds.values()].reduce(
      (largest, crowd) => (crowd.length > largest.length ? crowd : largest),
      [],
    );
  }

  /** It leaves at once: its connection is closed only after others may have come in. */
  #expelOneOf(visitors: readonly Visitor[]): void {
    const victim = visitors.find(({ greeted }) => !greeted) ?? visitors[0];
    if (victim === undefined) return;
    this.#visitors.delete(victim);
    victim.close();
  }
}
