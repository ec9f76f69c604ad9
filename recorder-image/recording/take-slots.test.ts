import { describe, expect, it } from 'vitest';
import { Take } from '../journal/take.ts';
import { TakeSlots } from './take-slots.ts';

function takeThat(ended: boolean): Take {
  const take = new Take({ index: 1, path: '/nowhere' });
  if (ended) take.end();
  return take;
}

/** Works on as many takes as it is let, in the order in which it is. */
async function work(takes: readonly Take[]) {
  const slots = new TakeSlots();
  const working: { readonly take: Take; readonly leave: () => void }[] = [];
  const { signal } = new AbortController();
  const all = takes.map(async (take) => {
    using _slot = await slots.enter(take, signal);
    const done = Promise.withResolvers<void>();
    working.push({ take, leave: done.resolve });
    await done.promise;
  });
  const settled = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
  };
  await settled();
  return { working, all, settled };
}

describe('working on takes', () => {
  it('is done on two at a time that have ended, the earliest first', async () => {
    const takes = Array.from({ length: 40 }, () => takeThat(true));
    const { working, all, settled } = await work(takes);
    for (let done = 0; done < takes.length; done += 1) {
      expect(working).toHaveLength(Math.min(done + 2, takes.length));
      working[done]?.leave();
      await settled();
    }
    await Promise.all(all);
    expect(working.map(({ take }) => takes.indexOf(take))).toEqual(takes.map((_, index) => index));
  });

  it('never keeps a live one waiting', async () => {
    const live = takeThat(false);
    const { working } = await work([takeThat(true), takeThat(true), takeThat(true), live]);
    expect(working).toHaveLength(3);
    expect(working.at(-1)?.take).toBe(live);
  });

  it('counts one that ends meanwhile', async () => {
    const live = takeThat(false);
    const { working, settled } = await work([live, takeThat(true), takeThat(true), takeThat(true)]);
    expect(working).toHaveLength(3);
    live.end();
    working[1]?.leave();
    await settled();
    expect(working).toHaveLength(3);
    working[0]?.leave();
    await settled();
    expect(working).toHaveLength(4);
  });

  it('is not waited for by whoever is told to stop', async () => {
    const slots = new TakeSlots();
    const stop = new AbortController();
    for (let index = 0; index < 2; index += 1) await slots.enter(takeThat(true), stop.signal);
    const waiting = slots.enter(takeThat(true), stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
