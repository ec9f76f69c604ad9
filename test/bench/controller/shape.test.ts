import { describe, expect, it } from 'vitest';
import { differences, shapeOf } from './shape.ts';

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
