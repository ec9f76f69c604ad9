import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { seededRandom } from './testing/random.ts';
import { WorkQueue } from './work-queue.ts';

/** What the queue promises, as simply as it can be said. */
class Model {
  /** When each key that waits is due. */
  readonly due = new Map<string, number>();
  readonly working = new Set<string>();

  add(key: string, at: number): void {
    this.due.set(key, Math.min(this.due.get(key) ?? Number.POSITIVE_INFINITY, at));
  }

  mayTake(key: string, now: number): boolean {
    return (this.due.get(key) ?? Number.POSITIVE_INFINITY) <= now && !this.working.has(key);
  }

  takeable(now: number): string[] {
    return [...this.due.keys()].filter((key) => this.mayTake(key, now));
  }

  take(key: string): void {
    this.due.delete(key);
    this.working.add(key);
  }
}

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const STEPS = 400;

async function interleave(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  const model = new Model();
  const taken: string[] = [];
  let askers = 0;
  const ask = () => {
    askers++;
    void queue.get().then((key) => {
      askers--;
      if (key !== undefined) taken.push(key);
    });
  };
  const check = async (what: string) => {
    await settle();
    for (const key of taken.splice(0)) {
      expect(model.mayTake(key, clock.now()), `${what}: ${key} was handed out`).toBe(true);
      model.take(key);
    }
    // Whoever asks is not kept waiting while there is something to do.
    if (askers > 0) expect(model.takeable(clock.now()), `${what}: nothing was kept back`).toEqual([]);
  };
  for (let step = 0; step < STEPS; step++) {
    const key = pick(KEYS) ?? 'a';
    const now = clock.now();
    const action = pick([
      'add',
      'low',
      'after',
      'limited',
      'get',
      'get',
      'done',
      'done',
      'forget',
      'time',
    ] as const);
    switch (action) {
      case 'add':
        queue.add(key);
        model.add(key, now);
        break;
      case 'low':
        queue.add(key, 'low');
        model.add(key, now);
        break;
      case 'after': {
        const ms = Math.floor(random() * 50);
        queue.addAfter(key, ms);
        model.add(key, now + ms);
        break;
      }
      case 'limited':
        // The wait is the queue's own affair here: it may be anything, so the model takes it from the clock.
        if (!model.due.has(key)) {
          queue.forget(key);
          queue.addRateLimited(key);
          model.add(key, now + 5);
        }
        break;
      case 'get':
        ask();
        break;
      case 'done': {
        const done = pick([...model.working]);
        if (done !== undefined) {
          model.working.delete(done);
          queue.done(done);
        }
        break;
      }
      case 'forget':
        queue.forget(key);
        break;
      case 'time':
        // One timer at a time, so that every hand-out is seen at its moment.
        await clock.advance(Math.min(clock.nextInMs ?? 1, 20));
        break;
      case undefined:
        break;
    }
    await check(`seed ${seed}, step ${step}, ${action}`);
  }
  // In the end everything comes out.
  while (model.due.size > 0 || model.working.size > 0) {
    ask();
    for (const key of model.working) {
      model.working.delete(key);
      queue.done(key);
    }
    await clock.advance(clock.nextInMs ?? 0);
    await check(`seed ${seed}, at the end`);
  }
  expect(queue.length).toBe(0);
}

describe('the work queue, against a model', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'keeps its promises in any order of events (seed %i)',
    interleave,
  );
});
