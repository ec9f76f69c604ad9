import { describe, expect, it } from 'vitest';
import { seededRandom } from '../runtime/testing/random.ts';
import { WaitingLine } from './waiting-line.ts';
import type { Place } from './waiting-line.ts';

const place = (name: string, second: number): Place => ({
  key: `ns/${name}`,
  uid: `uid-${name}-${second}`,
  createdAt: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`,
});

describe('the waiting line', () => {
  it('keeps everybody in order of age, then of name, whoever comes and goes', () => {
    const random = seededRandom(7);
    const line = new WaitingLine<Place>();
    const model = new Map<string, Place>();
    for (let step = 0; step < 2000; step++) {
      const one = place(`rec-${Math.floor(random() * 40)}`, Math.floor(random() * 20));
      if (random() < 0.6) {
        expect(line.add(one)).toBe(!model.has(one.uid));
        model.set(one.uid, model.get(one.uid) ?? one);
      } else expect(line.remove(one.uid)).toEqual(model.delete(one.uid) ? one : undefined);
      const expected = [...model.values()].sort((a, b) =>
        a.createdAt + a.key < b.createdAt + b.key ? -1 : 1,
      );
      expect([...line]).toEqual(expected);
      expect(line.length).toBe(expected.length);
      expect(line.get(one.uid)).toEqual(model.get(one.uid));
      expect(line.countBefore(one)).toBe(
        expected.filter(({ createdAt, key }) => createdAt + key < one.createdAt + one.key).length,
      );
    }
  });

  it('tells one from another that was made anew under its name within the same second', () => {
    const line = new WaitingLine<Place>();
    const old = place('a', 1);
    const anew = { ...old, uid: 'uid-of-another' };
    line.add(old);
    line.add(anew);
    line.remove(old.uid);
    expect([...line]).toEqual([anew]);
  });
});
