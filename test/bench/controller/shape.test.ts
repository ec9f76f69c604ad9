import { describe, expect, it } from 'vitest';
import { differences, shapeOf, unlikeWork } from './shape.ts';

describe('the shape of an object', () => {
  it('is the paths of its leaves, whatever the values', () => {
    expect(shapeOf({ b: { c: 1, d: null }, a: ['x', 'y'] })).toEqual(['a[*]', 'b.c', 'b.d']);
  });

  it('knows the elements of a list by their names', () => {
    const pod = { containers: [{ name: 'recorder', env: [{ name: 'A', value: '1' }] }] };
    expect(shapeOf(pod)).toEqual([
      'containers[recorder].env[A].name',
      'containers[recorder].env[A].value',
      'containers[recorder].name',
    ]);
  });

  it('differs by what only one side has', () => {
    const first = { name: 'ours', shape: shapeOf({ a: 1, b: 1 }) };
    const second = { name: 'theirs', shape: shapeOf({ b: 2, c: 2 }) };
    expect(differences(first, second)).toEqual(['ours alone has a', 'theirs alone has c']);
    expect(differences(first, first)).toEqual([]);
  });
});

describe('the work of both sides', () => {
  const run = (side: 'meetrec' | 'controller-runtime', pod: object) => ({
    side,
    shapes: { pod: shapeOf(pod) },
  });

  it('is unlike where one side makes what the other does not', () => {
    const runs = [run('meetrec', { a: 1, b: 1 }), run('controller-runtime', { a: 2 })];
    expect(unlikeWork(runs)).toEqual(["meetrec's pod alone has b"]);
  });

  it('is alike with the same objects, and where there is one side only', () => {
    expect(unlikeWork([run('meetrec', { a: 1 }), run('controller-runtime', { a: 2 })])).toEqual([]);
    expect(unlikeWork([run('meetrec', { a: 1 })])).toEqual([]);
  });
});
