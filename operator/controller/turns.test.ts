import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

function setup(limit: number) {
  const woken: string[] = [];
  return { woken, turns: new Turns({ limit, wake: (key) => woken.push(key) }) };
}

describe('turns', () => {
  it('are given to so many at a time, and to others when they are given back', () => {
    const { turns } = setup(2);
    expect([turns.take(), turns.take(), turns.take()]).toEqual([true, true, false]);
    turns.giveBack();
    expect([turns.take(), turns.take()]).toEqual([true, false]);
  });

  it('come to those who wait in the order in which they came, one for each that is given back', () => {
    const { turns, woken } = setup(1);
    turns.take();
    for (const key of ['a', 'b', 'a', 'c']) turns.callWhenFree(key);
    expect(woken).toEqual([]);
    turns.giveBack();
    expect(woken).toEqual(['a']);
    turns.take();
    turns.giveBack();
    expect(woken).toEqual(['a', 'b']);
  });

  it('are not missed by one who asks to be called when the last has just been given back', () => {
    const { turns, woken } = setup(1);
    turns.take();
    expect(turns.take()).toBe(false);
    turns.giveBack();
    turns.callWhenFree('a');
    expect(woken).toEqual(['a']);
  });

  it('come to the next ones too when who was called does not take theirs', () => {
    const { turns, woken } = setup(2);
    turns.take();
    turns.take();
    for (const key of ['gone', 'a', 'b']) turns.callWhenFree(key);
    turns.giveBack();
    turns.giveBack();
    expect(woken).toEqual(['gone', 'a', 'b']);
  });
});
