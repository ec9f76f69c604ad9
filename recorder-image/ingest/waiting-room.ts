import type { Visitor } from './visitor.ts';

/** Connections that have not proved the key, at a time: of all addresses, of one IPv6 network (/64), and of one address. */
const MAX_WAITING = 256;
const MAX_OF_NETWORK = 128;
const MAX_OF_ADDRESS = 96;

/**
 * Where connections are until they have proved the key. One that has shaken hands stays, until its time is over. Where a
 * place is wanting, one that has not must go: the oldest of those that have said nothing at all, or else of those that
 * are in the middle of it, out of the crowd in which the place is wanting. So a crowd from one address pushes out itself,
 * and idle connections never keep a publisher out that says at once what it wants, however far away it is.
 */
export class WaitingRoom {
  /** Oldest first. */
  readonly #visitors = new Set<Visitor>();
  readonly #onExpelled: () => void;

  /** @param onExpelled called for each that had to go to make place for another */
  constructor(onExpelled: () => void) {
    this.#onExpelled = onExpelled;
  }

  get size(): number {
    return this.#visitors.size;
  }

  /** Lets it in; false where there is no place, because all have shaken hands. */
  enter(visitor: Visitor): boolean {
    if (!this.#makePlaceFor(visitor)) return false;
    this.#visitors.add(visitor);
    return true;
  }

  leave(visitor: Visitor): void {
    this.#visitors.delete(visitor);
  }

  /** Closes all of them. */
  close(): void {
    for (const visitor of this.#visitors) visitor.close();
    this.#visitors.clear();
  }

  #makePlaceFor({ address }: Visitor): boolean {
    // One that a proxy has not named yet has no neighbours: they all come from the proxy.
    if (address !== undefined) {
      const network = [...this.#visitors].filter((other) => other.address?.network === address.network);
      const neighbours = network.filter((other) => other.address?.host === address.host);
      if (neighbours.length >= MAX_OF_ADDRESS) return this.#expelOneOf(neighbours);
      if (network.length >= MAX_OF_NETWORK) return this.#expelOneOf(network);
    }
    return this.#visitors.size < MAX_WAITING || this.#expelOneOfTheLargestCrowd();
  }

  #expelOneOfTheLargestCrowd(): boolean {
    const unheard = [...this.#visitors].filter(({ heard }) => !heard);
    const ungreeted = unheard.length > 0 ? unheard : [...this.#visitors].filter(({ greeted }) => !greeted);
    const crowds = Map.groupBy(ungreeted, ({ address }) => address?.network);
    const largest = [...crowds.values()].reduce<readonly Visitor[]>(
      (largest, crowd) => (crowd.length > largest.length ? crowd : largest),
      [],
    );
    return this.#expelOneOf(largest);
  }

  /** It leaves at once: its connection is closed only after others may have come in. False where none may go. */
  #expelOneOf(visitors: readonly Visitor[]): boolean {
    const victim = visitors.find(({ heard }) => !heard) ?? visitors.find(({ greeted }) => !greeted);
    if (victim === undefined) return false;
    this.#visitors.delete(victim);
    victim.close();
    this.#onExpelled();
    return true;
  }
}
