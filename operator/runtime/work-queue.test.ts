import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

function setup() {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue({ clock, baseDelayMs: 5, maxDelayMs: 1000 }) };
}

describe('the work queue', () => {
  it('holds a key once, however often it is added', async () => {
    const { queue } = setup();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(queue.length).toBe(2);
    expect([await queue.get(), await queue.get()]).toEqual(['a', 'b']);
  });

  it('never hands a key out that is being worked on, and hands it out again when it was added meanwhile', async () => {
    const { queue } = setup();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('b');
    expect(await queue.get()).toBe('b');
    const next = queue.get();
    queue.done('a');
    expect(await next).toBe('a');
  });

  it('lets fresh events go before what was there at the start', async () => {
    const { queue } = setup();
    for (const key of ['old-1', 'old-2', 'old-3']) queue.add(key, 'low');
    queue.add('fresh');
    queue.add('old-2');
    const order = [await queue.get(), await queue.get(), await queue.get(), await queue.get()];
    expect(order).toEqual(['fresh', 'old-2', 'old-1', 'old-3']);
  });

  it('hands a key out when its time has come, and at the earliest of several times', async () => {
    const { clock, queue } = setup();
    queue.addAfter('a', 1000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 5000);
    let got: string | undefined;
    void queue.get().then((key) => (got = key));
    await clock.advance(99);
    expect(got).toBeUndefined();
    await clock.advance(1);
    expect(got).toBe('a');
    expect(clock.timers).toBe(0);
  });

  it('does not fire at once when the wait is longer than any timer', async () => {
    const { clock, queue } = setup();
    queue.addAfter('a', 365 * 24 * 3600 * 1000);
    expect(clock.nextInMs).toBe(2 ** 31 - 1);
  });

  it('doubles the wait of a key that fails, up to the longest, and starts anew once it has succeeded', async () => {
    const { clock, queue } = setup();
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 10; i++) {
      queue.addRateLimited('a');
      waits.push(clock.nextInMs);
      await clock.advance(1000);
      queue.done((await queue.get()) ?? '');
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    queue.forget('a');
    queue.addRateLimited('a');
    expect(clock.nextInMs).toBe(5);
  });

  it('hands nothing out once it is shut down, and tells when the work under way is done', async () => {
    const { clock, queue } = setup();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    await queue.get();
    const waiting = Promise.all([queue.get().then(() => queue.get()), queue.get()]);
    queue.shutDown();
    queue.add('d');
    expect(await queue.get()).toBeUndefined();
    await waiting;
    let idle = false;
    void queue.idle().then(() => (idle = true));
    await settle();
    expect(idle).toBe(false);
    queue.done('a');
    queue.done('b');
    await settle();
    expect(idle).toBe(true);
    expect(clock.timers).toBe(0);
  });
});
