import { compareResourceVersions, keyOf } from './kube/objects.ts';
import type { KubeObject } from './kube/objects.ts';

/** One object came, changed or went. `initial`: it was there when the store was first filled. */
export interface Change<T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
  readonly initial: boolean;
  /** It is a write of our own, of which whoever wrote knows. */
  readonly own: boolean;
}

export type Listener<T> = (change: Change<T>) => void;
export type IndexFunction<T> = (object: T) => readonly string[];

/** What a reader of a cache may do. */
export interface ReadStore<T> {
  get(key: string): T | undefined;
  list(): Iterable<T>;
  readonly size: number;
  /** Every object that the index function gave this value for. */
  byIndex(index: string, value: string): readonly T[];
}

/**
 * The objects of one resource by key. Two objects under one key with different UIDs are two objects: the change is told
 * as one that went and one that came. Objects are shared by all readers: nobody changes them.
 */
export class Store<T extends KubeObject> implements ReadStore<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, { of: IndexFunction<T>; keys: Map<string, Set<string>> }>();
  readonly #listeners: Listener<T>[] = [];
  readonly #onListenerError: (error: unknown) => void;

  constructor(options: {
    onListenerError: (error: unknown) => void;
    indexes?: Record<string, IndexFunction<T>>;
  }) {
    this.#onListenerError = options.onListenerError;
    for (const [name, of] of Object.entries(options.indexes ?? {}))
      this.#indexes.set(name, { of, keys: new Map() });
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): Iterable<T> {
    return this.#objects.values();
  }

  byIndex(index: string, value: string): readonly T[] {
    const keys = this.#indexes.get(index)?.keys.get(value) ?? [];
    return [...keys].map((key) => this.#objects.get(key)).filter((object) => object !== undefined);
  }

  onChange(listener: Listener<T>): void {
    this.#listeners.push(listener);
  }

  /** Takes an object as a watch tells of it. One that is older than what is held, or the same, changes nothing. */
  put(object: T, initial = false): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before?.metadata.uid === object.metadata.uid && !isNewer(object, before)) return;
    this.#exchange(key, before, object, initial);
  }

  /** Takes the answer to a write of our own, so that the next look sees it; an object that is not held stays away. */
  observe(object: T): void {
    const before = this.#objects.get(keyOf(object));
    if (before?.metadata.uid !== object.metadata.uid || !isNewer(object, before)) return;
    this.#set(keyOf(object), before, object, { own: true });
  }

  remove(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before?.metadata.uid === object.metadata.uid) this.#set(key, before, undefined);
  }

  /**
   * Takes a whole list as the truth, also where it is older than what is held: an API server restored from a backup
   * counts anew. What is not in the list has gone.
   */
  replace(objects: readonly T[], initial: boolean): void {
    const keys = new Set(objects.map(keyOf));
    for (const [key, before] of this.#objects) if (!keys.has(key)) this.#set(key, before, undefined);
    for (const object of objects) {
      const key = keyOf(object);
      const before = this.#objects.get(key);
      const same =
        before?.metadata.uid === object.metadata.uid &&
        before?.metadata.resourceVersion === object.metadata.resourceVersion;
      if (!same) this.#exchange(key, before, object, initial);
    }
  }

  #exchange(key: string, before: T | undefined, object: T, initial: boolean): void {
    if (before && before.metadata.uid !== object.metadata.uid) {
      this.#set(key, before, undefined, { initial });
      this.#set(key, undefined, object, { initial });
    } else this.#set(key, before, object, { initial });
  }

  #set(
    key: string,
    before: T | undefined,
    after: T | undefined,
    { initial = false, own = false } = {},
  ): void {
    for (const { of, keys } of this.#indexes.values()) {
      if (before) for (const value of of(before)) removeFrom(keys, value, key);
      if (after) for (const value of of(after)) addTo(keys, value, key);
    }
    if (after) this.#objects.set(key, after);
    else this.#objects.delete(key);
    for (const listener of this.#listeners) {
      try {
        listener({ key, before, after, initial, own });
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

function isNewer(object: KubeObject, than: KubeObject | undefined): boolean {
  const [a, b] = [object.metadata.resourceVersion, than?.metadata.resourceVersion];
  return a === undefined || b === undefined || compareResourceVersions(a, b) > 0;
}

function addTo(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys) keys.add(key);
  else index.set(value, new Set([key]));
}

function removeFrom(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(value);
}
