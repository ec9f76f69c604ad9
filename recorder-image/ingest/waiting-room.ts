import type { Visitor } from './visitor.ts';

/** Connections that have not proved the key, at a time: of all addresses, of one IPv6 network (/64), and of one address. */
const MAX_WAITING = 256;
const MAX_OF_NETWORK = 128;
const MAX_OF_ADDRESS = 96;
/** How long the first bytes of a client may be on their way behind its connection, in ms. */
const SILENT_AFTER_MS = 250;

/**
 * Where connections are until they have proved the key. One that has shaken hands stays, until its time is over. Where a
 * place is wanting, one that has not must go: the oldest that says nothing, or else the oldest. It is one of the newcomer's
 * own address, or network, where that has too many, so that a crowd from there pushes out only itself. Whoever says at
 * once what it wants has the time that it takes for all others to be replaced, which is enough from far away.
 */
export class WaitingRoom {
  /** Oldest first. */
  readonly #visitors = new Set<Visitor>();
  readonly #onExpelled: () => void;
  readonly #now: () => number;

  /**
   * @param onExpelled called for each that had to go to make place for another
   * @param now ms, of the clock by which visitors came
   */
  constructor(onExpelled: () => void, now: () => number) {
    this.#onExpelled = onExpelled;
    this.#now = now;
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
    return this.#visitors.size < MAX_WAITING || this.#expelOneOf([...this.#visitors]);
  }

  /** It leaves at once: its connection is closed only after others may have come in. False where none may go. */
  #expelOneOf(visitors: readonly Visitor[]): boolean {
    const before = this.#now() - SILENT_AFTER_MS;
    const victim =
      visitors.find(({ heard, cameAt }) => !heard && cameAt <= before) ??
      visitors.find(({ greeted }) => !greeted);
    if (victim === undefined) return false;
    this.#visitors.delete(victim);
    victim.close();
    this.#onExpelled();
    return true;
  }
}
