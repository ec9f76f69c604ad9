/** What places a recording in the line: the older goes first; of the same second, by name. */
export interface Place {
  readonly key: string;
  readonly uid: string;
  /** RFC 3339, as the API server writes it: such times compare as text. */
  readonly createdAt: string;
}

/** A line that is kept in order of age. Finding a place takes logarithmic time: thousands may stand in it. */
export class WaitingLine<T extends Place> implements Iterable<T> {
  readonly #places: T[] = [];
  readonly #byUid = new Map<string, T>();

  get length(): number {
    return this.#places.length;
  }

  get(uid: string): T | undefined {
    return this.#byUid.get(uid);
  }

  /** False: whoever stands in it already keeps its place. */
  add(place: T): boolean {
    if (this.#byUid.has(place.uid)) return false;
    this.#byUid.set(place.uid, place);
    this.#places.splice(this.countBefore(place), 0, place);
    return true;
  }

  /** Returns who has left, where there was somebody. */
  remove(uid: string): T | undefined {
    const place = this.#byUid.get(uid);
    if (!place) return undefined;
    this.#byUid.delete(uid);
    this.#places.splice(this.countBefore(place), 1);
    return place;
  }

  /** How many go before a place, be it one of this line or of another. */
  countBefore(place: Place): number {
    let [from, to] = [0, this.#places.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const other = this.#places[middle];
      if (other && comesBefore(other, place)) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#places.values();
  }
}

/** Two with one name and age, as one deleted and made anew within a second, are told apart by their UIDs. */
export function comesBefore(a: Place, b: Place): boolean {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt;
  return a.key === b.key ? a.uid < b.uid : a.key < b.key;
}
