import type { Priority } from '../work-queue.ts';

interface Waiting {
  /** Milliseconds at which it may be handed out. */
  dueMs: number;
  /** Of two that are due at the same time, the one whose time was set first comes first. */
  order: number;
  priority: Priority;
}

/** What the work queue promises, as simply as it can be said: lists that are searched from their beginning. */
export class QueueModel {
  readonly waiting = new Map<string, Waiting>();
  /** Due, but being worked on. */
  readonly again = new Map<string, Priority>();
  readonly ready: Record<Priority, string[]> = { normal: [], low: [] };
  readonly working = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delays: { baseMs: number; maxMs: number };
  #order = 0;
  #isShutDown = false;

  constructor(delays: { baseMs: number; maxMs: number }) {
    this.#delays = delays;
  }

  add(key: string, options: { nowMs: number; delayMs?: number; priority?: Priority }): void {
    if (this.#isShutDown) return;
    const { nowMs, delayMs = 0, priority = 'normal' } = options;
    if (priority === 'normal') this.#raise(key);
    if (this.again.has(key) || this.ready.normal.includes(key) || this.ready.low.includes(key)) return;
    const dueMs = nowMs + delayMs;
    const known = this.waiting.get(key);
    if (known && known.dueMs <= dueMs) return;
    this.waiting.set(key, { dueMs, order: this.#order++, priority: known?.priority ?? priority });
    if (delayMs === 0) this.#becomeReady(key);
  }

  addRateLimited(key: string, nowMs: number, atLeastMs: number): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const backOffMs = Math.min(this.#delays.baseMs * 2 ** failures, this.#delays.maxMs);
    this.add(key, { nowMs, delayMs: Math.max(backOffMs, atLeastMs) });
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /**
   * Time has come to `nowMs`.
   *
   * @param onReady called after each key that has become ready: who asks already takes it before the next one does
   */
  advance(nowMs: number, onReady: () => void): void {
    const due = [...this.waiting].filter(([, { dueMs }]) => dueMs <= nowMs);
    due.sort(([, a], [, b]) => a.dueMs - b.dueMs || a.order - b.order);
    for (const [key] of due) {
      this.#becomeReady(key);
      onReady();
    }
  }

  take(): string | undefined {
    const key = this.ready.normal.shift() ?? this.ready.low.shift();
    if (key !== undefined) this.working.add(key);
    return key;
  }

  done(key: string): void {
    this.working.delete(key);
    const priority = this.again.get(key);
    if (priority !== undefined) this.ready[priority].push(key);
    this.again.delete(key);
  }

  shutDown(): void {
    this.#isShutDown = true;
    this.waiting.clear();
    this.again.clear();
    this.ready.normal.length = 0;
    this.ready.low.length = 0;
  }

  #becomeReady(key: string): void {
    const { priority = 'normal' } = this.waiting.get(key) ?? {};
    this.waiting.delete(key);
    if (this.working.has(key)) this.again.set(key, priority);
    else this.ready[priority].push(key);
  }

  #raise(key: string): void {
    const waiting = this.waiting.get(key);
    if (waiting) waiting.priority = 'normal';
    if (this.again.has(key)) this.again.set(key, 'normal');
    const at = this.ready.low.indexOf(key);
    if (at >= 0) this.ready.normal.push(...this.ready.low.splice(at, 1));
  }
}
