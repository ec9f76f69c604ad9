import { expect, it } from 'vitest';
import { NumberTable, RunTable } from './number-table.ts';

const COUNT = 50_000;

it('holds more numbers than one block, negative ones among them, and changes each one', () => {
  const table = new NumberTable();
  for (let index = 0; index < COUNT; index += 1) table.push(index - 10);
  const bytes = Buffer.concat(table.bytes);
  expect(bytes).toHaveLength(COUNT * 4);
  expect([0, 10, COUNT - 1].map((index) => bytes.readInt32BE(index * 4))).toEqual([-10, 0, COUNT - 11]);
  table.map((value, index) => value + index);
  const changed = Buffer.concat(table.bytes);
  expect([0, 10, COUNT - 1].map((index) => changed.readInt32BE(index * 4))).toEqual([
    -10,
    10,
    2 * COUNT - 12,
  ]);
});

it('counts what repeats', () => {
  const runs = new RunTable();
  for (const value of [3, 3, 3, -1, 3]) runs.push(value);
  runs.flush();
  runs.flush();
  runs.raise(1);
  const bytes = Buffer.concat(runs.bytes);
  expect(runs.pairs).toBe(3);
  expect(Array.from({ length: 6 }, (_, index) => bytes.readInt32BE(index * 4))).toEqual([3, 4, 1, 0, 1, 4]);
});
