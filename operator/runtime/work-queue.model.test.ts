import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { QueueModel } from './testing/queue-model.ts';
import { seededRandom } from './testing/random.ts';
import { WorkQueue } from './work-queue.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const STEPS = 400;
const ACTIONS = [
  'add',
  'low',
  'after',
  'limited',
  'limited',
  'get',
  'get',
  'get',
  'done',
  'done',
  'done',
  'forget',
  'time',
  'time',
] as const;
type Action = (typeof ACTIONS)[number];

/** A queue and its model, to which the same is done; after each step they must have handed out the same keys. */
class Pair {
  readonly clock = new FakeClock();
  readonly model = new QueueModel({ baseMs: 5, maxMs: 60 });
  readonly #random: () => number;
  readonly #taken: (string | undefined)[] = [];
  readonly #expected: (string | undefined)[] = [];
  #depth = 0;
  readonly queue = new WorkQueue({
    clock: this.clock,
    baseDelayMs: 5,
    maxDelayMs: 60,
    metrics: {
      depth: (items) => (this.#depth = items),
      added: () => undefined,
      retried: () => undefined,
      waited: () => undefined,
      worked: () => undefined,
    },
  });
  /** Who has asked and got nothing yet. */
  askers = 0;
  #isOver = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  ask(): void {
    if (this.#isOver) this.#expected.push(undefined);
    else this.askers++;
    void this.queue.get().then((key) => this.#taken.push(key));
  }

  done(key: string): void {
    this.model.done(key);
    this.#handOut();
    this.queue.done(key);
  }

  /** Whoever still waits is told that there will be nothing. */
  shutDown(): void {
    this.#isOver = true;
    this.model.shutDown();
    this.queue.shutDown();
    for (; this.askers > 0; this.askers--) this.#expected.push(undefined);
  }

  /** One timer at a time, so that every hand-out is seen at its moment. */
  async time(): Promise<void> {
    await this.clock.advance(Math.min(this.clock.nextInMs ?? 1, 20));
    this.model.advance(this.clock.now(), () => this.#handOut());
  }

  async act(action: Action): Promise<void> {
    const { model, queue } = this;
    const key = this.#pick(KEYS) ?? 'a';
    const nowMs = this.clock.now();
    switch (action) {
      case 'add':
        queue.add(key);
        model.add(key, { nowMs });
        break;
      case 'low':
        queue.add(key, 'low');
        model.add(key, { nowMs, priority: 'low' });
        break;
      case 'after': {
        const delayMs = Math.floor(this.#random() * 50);
        queue.addAfter(key, delayMs);
        model.add(key, { nowMs, delayMs });
        break;
      }
      case 'limited': {
        const atLeastMs = this.#random() < 0.2 ? 30 : 0;
        queue.addRateLimited(key, atLeastMs);
        model.addRateLimited(key, nowMs, atLeastMs);
        break;
      }
      case 'get':
        this.ask();
        break;
      case 'done': {
        const working = this.#pick([...model.working]);
        if (working !== undefined) this.done(working);
        break;
      }
      case 'forget':
        queue.forget(key);
        model.forget(key);
        break;
      case 'time':
        await this.time();
    }
  }

  async check(what: string): Promise<void> {
    await settle();
    this.#handOut();
    expect(this.#taken, what).toEqual(this.#expected);
    const { ready, again } = this.model;
    expect(this.#depth, what).toBe(ready.normal.length + ready.low.length);
    expect(this.queue.length, what).toBe(this.#depth + again.size);
  }

  #handOut(): void {
    for (; this.askers > 0; this.askers--) {
      const key = this.model.take();
      if (key === undefined) break;
      this.#expected.push(key);
    }
  }

  pickAction(): Action {
    return this.#pick(ACTIONS) ?? 'get';
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)];
  }
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

describe('the work queue, against a model', () => {
  it.each(SEEDS)('hands out the same keys in the same order at the same time (seed %i)', async (seed) => {
    const pair = new Pair(seed);
    for (let step = 0; step < STEPS; step++) {
      const action = pair.pickAction();
      await pair.act(action);
      await pair.check(`seed ${seed}, step ${step}, ${action}`);
    }
    // In the end everything comes out.
    const { model, clock, queue } = pair;
    while (model.waiting.size + model.working.size + queue.length > 0) {
      pair.ask();
      for (const key of model.working) pair.done(key);
      await pair.time();
      await pair.check(`seed ${seed}, at the end`);
    }
    expect(clock.timers).toBe(0);
  });

  it.each(SEEDS)('hands nothing out once it is shut down, whatever is done to it (seed %i)', async (seed) => {
    const pair = new Pair(seed);
    const before = 20 + 5 * seed;
    for (let step = 0; step < before; step++) {
      await pair.act(pair.pickAction());
      await pair.check(`seed ${seed}, step ${step} before`);
    }
    pair.shutDown();
    await pair.check(`seed ${seed}, at once`);
    expect(pair.clock.timers).toBe(0);
    let isIdle = false;
    void pair.queue.idle().then(() => (isIdle = true));
    for (let step = 0; step < 50; step++) {
      const action = pair.pickAction();
      await pair.act(action);
      await pair.check(`seed ${seed}, step ${step} after, ${action}`);
      expect(isIdle).toBe(pair.model.working.size === 0);
    }
    for (const key of pair.model.working) pair.done(key);
    await settle();
    expect(isIdle).toBe(true);
    expect(pair.clock.timers).toBe(0);
  });
});
