import type { Logger } from 'pino';
import { Backoff } from './backoff.ts';
import { abortReason, sleep } from './clock.ts';
import type { Clock } from './clock.ts';
import { ApiError, isGone } from './kube/api-error.ts';
import type { KubeClient, Selection } from './kube/client.ts';
import type { KubeObject } from './kube/objects.ts';
import type { Resource } from './kube/resource.ts';
import { Store } from './store.ts';
import type { IndexFunction, Listener, ReadStore } from './store.ts';

export interface InformerOptions<T extends KubeObject> {
  client: KubeClient;
  resource: Resource<T>;
  selection?: Selection;
  clock: Clock;
  /** From 0 up to 1. */
  random: () => number;
  log: Logger;
  indexes?: Record<string, IndexFunction<T>>;
  /** Milliseconds without a byte after which a watch counts as dead; the server sends a bookmark about every minute. */
  inactivityMs?: number;
  /** Objects a page of the list. */
  pageSize?: number;
  /** Milliseconds after which a page of the list is given up; the client's own limit unless told. */
  listTimeoutMs?: number;
  /** Takes away what no reader needs, for a cache holds every object; it may change the object that it is given. */
  transform?: (object: T) => T;
  /** Waits after errors, in milliseconds. */
  backoff?: { baseMs: number; maxMs: number };
}

const PAGE_SIZE = 500;
/** The API server sends a bookmark about each minute; a dead peer is found out sooner, by TCP's keep-alive. */
const INACTIVITY_MS = 75_000;
/** A watch that ends sooner, in milliseconds, is one that failed. */
const SHORT_MS = 1000;
/** The cache of an API server that is back is true again within 10 s. */
const BACKOFF = { baseMs: 800, maxMs: 8000 };

/**
 * A cache of one resource that converges whatever the connection does: it lists, replaces the store by UID, watches
 * from there with bookmarks, resumes where a watch ended, lists anew on 410 and ERROR, and waits with jitter, at most
 * 8 s, after anything else; for ever.
 */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions<T>;
  readonly #store: Store<T>;
  readonly #backoff: Backoff;
  readonly #log: Logger;
  readonly #syncWaiters = new Set<() => void>();
  #synced = false;
  /** Where the next watch begins; undefined: list first. */
  #resourceVersion: string | undefined;
  /** How many times it had expired since the last event. */
  #expired = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#log = options.log.child({ informer: options.resource.plural });
    this.#backoff = new Backoff({
      ...(options.backoff ?? BACKOFF),
      random: options.random,
    });
    this.#store = new Store({
      ...(options.indexes && { indexes: options.indexes }),
      onListenerError: (err) => this.#log.error({ err }, 'a listener failed'),
    });
  }

  get store(): ReadStore<T> {
    return this.#store;
  }

  get hasSynced(): boolean {
    return this.#synced;
  }

  /** Called with every change, in order; what it throws is logged and changes nothing. */
  onChange(listener: Listener<T>): void {
    this.#store.onChange(listener);
  }

  /** Shows the cache the answer to a write of our own, before the watch does. */
  observe(object: T): void {
    this.#store.observe(this.#slim(object));
  }

  /** Resolves once the first list is in the store; rejects with the signal's reason. */
  synced(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#syncWaiters.delete(finish);
        reject(abortReason(signal));
      };
      if (this.#synced) resolve();
      else if (signal.aborted) giveUp();
      else {
        this.#syncWaiters.add(finish);
        signal.addEventListener('abort', giveUp, { once: true });
      }
    });
  }

  /** Runs until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        else await this.#watch(this.#resourceVersion, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, selection, pageSize } = this.#options;
    const items: T[] = [];
    let resourceVersion: string | undefined;
    const pages = client.listPages(resource, {
      ...selection,
      limit: pageSize ?? PAGE_SIZE,
      timeoutMs: this.#options.listTimeoutMs,
      signal,
    });
    for await (const page of pages) {
      // One at a time: a page may be larger than the number of arguments that a call can take.
      for (const item of page.items) items.push(this.#slim(item));
      resourceVersion = page.metadata.resourceVersion;
      // Taking any JSON for a list would empty the cache, and whoever looks at it would believe that all is gone.
      if (resourceVersion === undefined) throw new TypeError('The answer is not a list of objects');
    }
    this.#store.replace(items, !this.#synced);
    this.#resourceVersion = resourceVersion;
    if (!this.#synced) {
      this.#synced = true;
      this.#log.debug({ objects: items.length }, 'cache filled');
      for (const wake of this.#syncWaiters) wake();
      this.#syncWaiters.clear();
    }
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, resource, selection, random, clock } = this.#options;
    const started = clock.monotonic();
    const isShort = (): boolean => clock.monotonic() - started < SHORT_MS;
    let changes = 0;
    const watch = client.watch(resource, {
      ...selection,
      resourceVersion,
      timeoutSeconds: Math.round(300 + random() * 300),
      inactivityMs: this.#options.inactivityMs ?? INACTIVITY_MS,
      signal,
    });
    for await (const event of watch) {
      // A server that is on its way out may close its side after us: nothing is taken from then on.
      if (signal.aborted) return;
      if (event.type === 'ERROR') {
        // It may carry any code, and none tells that what was missed can still be had.
        this.#resourceVersion = undefined;
        throw ApiError.fromStatus(event.object, 'watch');
      }
      const { resourceVersion: version, uid } = event.object.metadata;
      if (version === undefined) throw new TypeError('The answer is not an event of an object');
      if (event.type !== 'BOOKMARK') {
        if (uid === undefined) throw new TypeError('The event is not about an object');
        this.#take(event.type, event.object);
        changes++;
      }
      this.#resourceVersion = version;
      this.#expired = 0;
      if (changes > 0 || !isShort()) this.#backoff.reset();
    }
    // A server that ends watches at once, or after nothing but a bookmark, would have us spin.
    if (changes === 0 && isShort()) await this.#pause(this.#backoff.next(), signal);
  }

  #take(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#store.put(this.#slim(object));
        return;
      case 'DELETED':
        this.#store.remove(this.#slim(object));
        return;
      default:
        throw new TypeError(`There is no event of the type ${String(type satisfies never)}`);
    }
  }

  #slim(object: T): T {
    // Neither read nor worth its memory.
    delete object.metadata.managedFields;
    return this.#options.transform?.(object) ?? object;
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(this.#options.clock, ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    if (isGone(error)) {
      this.#resourceVersion = undefined;
      this.#log.debug('resource version expired, listing anew');
      // Once is everyday life; again before a single event came, it would be a loop.
      if (this.#expired++ === 0) return;
    }
    const waitMs = Math.max(this.#backoff.next(), (error instanceof ApiError && error.retryAfterMs) || 0);
    this.#log.warn({ error: describe(error), waitMs: Math.round(waitMs) }, 'list or watch failed');
    await this.#pause(waitMs, signal);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
