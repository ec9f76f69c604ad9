import type { Clock, Timer } from './clock.ts';
import { MAX_TIMER_MS } from './clock.ts';
import type { QueueMetrics } from './metrics.ts';

/** `low` is for the initial list: a restart with many objects must not delay fresh events. */
export type Priority = 'normal' | 'low';

interface Entry {
  priority: Priority;
  /** Monotonic milliseconds at which it may be handed out. */
  readyAt: number;
  /** When it became ready; undefined while it waits for its time. */
  queuedAt: number | undefined;
  timer: Timer | undefined;
}

export interface WorkQueueOptions {
  clock: Clock;
  metrics?: QueueMetrics;
  /** The first delay of a key that fails, doubled with each failure; milliseconds. */
  baseDelayMs?: number;
  /** The longest such delay; milliseconds. */
  maxDelayMs?: number;
}

/**
 * A queue of keys with controller-runtime's contract:
 *
 * - a key is held once, however often it is added; the earliest time and the highest priority win;
 * - a key that is being worked on is never handed out a second time; added meanwhile, it comes back after done();
 * - keys come out in the order in which they became ready, normal priority first.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #metrics: QueueMetrics | undefined;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;

  readonly #entries = new Map<string, Entry>();
  /** Keys that may be handed out now; a Set keeps the order of insertion. */
  readonly #ready: Record<Priority, Set<string>> = { normal: new Set(), low: new Set() };
  /** Keys being worked on, with the monotonic time at which they were handed out. */
  readonly #working = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  readonly #idleWaiters: (() => void)[] = [];
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#baseDelayMs = options.baseDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 60_000;
  }

  /** Keys that could be handed out, or will be as soon as the work on them is done. */
  get length(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.queuedAt !== undefined) count++;
    return count;
  }

  add(key: string, priority: Priority = 'normal'): void {
    this.#put(key, 0, priority);
  }

  /** Adds the key in `ms` milliseconds; a very long wait is cut short, as reconciling once too often is harmless. */
  addAfter(key: string, ms: number): void {
    this.#put(key, Math.min(ms, MAX_TIMER_MS), 'normal');
  }

  /** Adds the key after its own back-off, and no earlier than in `atLeastMs` milliseconds. */
  addRateLimited(key: string, atLeastMs = 0): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#metrics?.retried();
    const backOffMs = Math.min(this.#baseDelayMs * 2 ** failures, this.#maxDelayMs);
    this.addAfter(key, Math.max(backOffMs, atLeastMs));
  }

  /** The key has succeeded: its next failure starts from the shortest back-off. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, or undefined once the queue is shut down. The caller owes a done(). */
  get(): Promise<string | undefined> {
    if (this.#shutDown) return Promise.resolve(undefined);
    const key = this.#take();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  done(key: string): void {
    const since = this.#working.get(key);
    if (since === undefined) return;
    this.#working.delete(key);
    this.#metrics?.worked((this.#clock.monotonic() - since) / 1000);
    const entry = this.#entries.get(key);
    if (entry?.queuedAt !== undefined) this.#ready[entry.priority].add(key);
    this.#dispatch();
    if (this.#working.size === 0) for (const wake of this.#idleWaiters.splice(0)) wake();
  }

  /** Hands nothing out any more and forgets what waits; what is being worked on is waited for by {@link idle}. */
  shutDown(): void {
    this.#shutDown = true;
    for (const entry of this.#entries.values()) entry.timer?.cancel();
    this.#entries.clear();
    this.#ready.normal.clear();
    this.#ready.low.clear();
    this.#metrics?.depth(0);
    for (const resolve of this.#waiters.splice(0)) resolve(undefined);
  }

  /** Resolves when nothing is being worked on. */
  idle(): Promise<void> {
    if (this.#working.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #put(key: string, delayMs: number, priority: Priority): void {
    if (this.#shutDown) return;
    const now = this.#clock.monotonic();
    const readyAt = now + Math.max(delayMs, 0);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { priority, readyAt, queuedAt: undefined, timer: undefined };
      this.#entries.set(key, entry);
      this.#metrics?.added();
    } else {
      if (priority === 'normal' && entry.priority === 'low') this.#raise(key, entry);
      if (entry.queuedAt !== undefined || readyAt >= entry.readyAt) return;
      entry.readyAt = readyAt;
      entry.timer?.cancel();
    }
    if (readyAt <= now) this.#makeReady(key, entry);
    else {
      const waiting = entry;
      entry.timer = this.#clock.after(readyAt - now, () => this.#makeReady(key, waiting));
    }
  }

  #raise(key: string, entry: Entry): void {
    entry.priority = 'normal';
    if (this.#ready.low.delete(key)) this.#ready.normal.add(key);
  }

  #makeReady(key: string, entry: Entry): void {
    entry.timer = undefined;
    entry.queuedAt = this.#clock.monotonic();
    if (!this.#working.has(key)) this.#ready[entry.priority].add(key);
    this.#dispatch();
  }

  #take(): string | undefined {
    const ready = this.#ready.normal.size > 0 ? this.#ready.normal : this.#ready.low;
    const next = ready.values().next();
    if (next.done) return undefined;
    const key = next.value;
    const entry = this.#entries.get(key);
    const now = this.#clock.monotonic();
    ready.delete(key);
    this.#entries.delete(key);
    this.#working.set(key, now);
    if (entry?.queuedAt !== undefined) this.#metrics?.waited((now - entry.queuedAt) / 1000);
    this.#reportDepth();
    return key;
  }

  #dispatch(): void {
    while (this.#waiters.length > 0) {
      const key = this.#take();
      if (key === undefined) break;
      this.#waiters.shift()?.(key);
    }
    this.#reportDepth();
  }

  #reportDepth(): void {
    this.#metrics?.depth(this.#ready.normal.size + this.#ready.low.size);
  }
}
