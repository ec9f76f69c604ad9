import { describe, expect, it } from 'vitest';
import { arrange, MOST_TILES } from './layout.ts';
import type { Arrangement, Tile } from './layout.ts';

const CANVAS = { width: 1280, height: 720 };
const people = (count: number): number[] => Array.from({ length: count }, (_, index) => 100 + index);

function overlap(a: Tile, b: Tile): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe('the grid', () => {
  it('gives one the whole picture, and two a half each at the same height', () => {
    expect(arrange('grid', [7], CANVAS)).toEqual([{ uid: 7, x: 0, y: 0, width: 1280, height: 720 }]);
    expect(arrange('grid', [7, 8], CANVAS)).toEqual([
      { uid: 7, x: 0, y: 180, width: 640, height: 360 },
      { uid: 8, x: 640, y: 180, width: 640, height: 360 },
    ]);
  });

  it('puts a last row that is not full in the middle', () => {
    expect(arrange('grid', [1, 2, 3], CANVAS).at(-1)).toEqual({
      uid: 3,
      x: 320,
      y: 360,
      width: 640,
      height: 360,
    });
  });

  it('leaves everybody in place when the next one fits in', () => {
    const three = arrange('grid', [1, 2, 3], CANVAS);
    expect(arrange('grid', [1, 2, 3, 4], CANVAS).slice(0, 2)).toEqual(three.slice(0, 2));
  });
});

describe('the speaker arrangement', () => {
  it('has the first large and the others in a strip below', () => {
    expect(arrange('speaker', [1, 2, 3], CANVAS)).toEqual([
      { uid: 1, x: 128, y: 0, width: 1024, height: 576 },
      { uid: 2, x: 384, y: 576, width: 256, height: 144 },
      { uid: 3, x: 640, y: 576, width: 256, height: 144 },
    ]);
  });

  it('has whoever was named large, while they are there', () => {
    expect(arrange('speaker', [1, 2, 3], CANVAS, 3).map(({ uid }) => uid)).toEqual([3, 1, 2]);
    expect(arrange('speaker', [1, 2], CANVAS, 3).map(({ uid }) => uid)).toEqual([1, 2]);
  });

  it('gives one alone the whole picture', () => {
    expect(arrange('speaker', [9], CANVAS)).toEqual([{ uid: 9, x: 0, y: 0, ...CANVAS }]);
  });
});

describe.each<Arrangement>(['grid', 'speaker'])('any %s', (arrangement) => {
  const canvases = [
    CANVAS,
    { width: 640, height: 360 },
    { width: 720, height: 1280 },
    { width: 66, height: 66 },
  ];
  const cases = canvases.flatMap((canvas) => Array.from({ length: 19 }, (_, count) => ({ canvas, count })));

  it.each(cases)('of $count in $canvas.width x $canvas.height is even, inside and without overlap', (it) => {
    const tiles = arrange(arrangement, people(it.count), it.canvas);
    expect(tiles).toHaveLength(Math.min(it.count, MOST_TILES[arrangement]));
    for (const [index, tile] of tiles.entries()) {
      for (const pixels of [tile.x, tile.y, tile.width, tile.height]) expect(pixels % 2).toBe(0);
      expect(Math.min(tile.x, tile.y)).toBeGreaterThanOrEqual(0);
      expect(Math.min(tile.width, tile.height)).toBeGreaterThan(0);
      expect(tile.x + tile.width).toBeLessThanOrEqual(it.canvas.width);
      expect(tile.y + tile.height).toBeLessThanOrEqual(it.canvas.height);
      for (const other of tiles.slice(index + 1)) expect(overlap(tile, other)).toBe(false);
    }
  });

  it('shows nobody twice', () => {
    expect(arrange(arrangement, [1, 2, 1], CANVAS).map(({ uid }) => uid)).toEqual([1, 2]);
  });
});
