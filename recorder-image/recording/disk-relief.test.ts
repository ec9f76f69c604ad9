import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Take } from '../journal/take.ts';
import type { TakeTracks } from '../journal/take-tracks.ts';
import { DiskRelief } from './disk-relief.ts';
import type { ReleasedTakes } from './released-takes.ts';

const MIN = 100;

function onDisk(sizes: readonly number[]) {
  const takes = sizes.map((size, index) => {
    const take = new Take({ index: index + 1, path: `take-${index + 1}.flv` });
    take.update(size, { settled: new Set(), configs: [], firstMediaMs: 0 } as unknown as TakeTracks);
    if (index < sizes.length - 1) take.end();
    return take;
  });
  const stored = new Set<Take>();
  const gone: number[] = [];
  let fails = false;
  const journal = {
    takes,
    isRollingOver: false,
    rollOver: () => (journal.isRollingOver = true),
    described: ({ index, size, startMs }: Take) => ({
      index,
      size,
      startMs,
      endMs: 0,
      endedAt: 0,
      silences: [],
    }),
  };
  const released: Pick<ReleasedTakes, 'add'> = {
    add: (take) => {
      if (fails) return Promise.reject(new Error('no space left on device'));
      take.release();
      gone.push(take.index);
      return Promise.resolve();
    },
  };
  const relief = new DiskRelief({
    journal,
    released,
    savedOf: (take) => (stored.has(take) ? {} : undefined),
    minFreeBytes: MIN,
    log: pino({ level: 'silent' }),
  });
  return {
    relief,
    takes,
    journal,
    gone,
    store: (take?: Take) => take && stored.add(take),
    fail: () => (fails = true),
  };
}

it('leaves everything as it is while there is room', async () => {
  const { relief, takes, journal, gone, store } = onDisk([500, 500]);
  store(takes[0]);
  expect(await relief.look(2 * MIN)).toBe(false);
  expect([gone, journal.isRollingOver, relief.floorBytes, relief.message]).toEqual([
    [],
    false,
    MIN,
    undefined,
  ]);
});

it('begins another take when room gets short, and waits for the one before to be stored', async () => {
  const { relief, takes, journal, gone, store } = onDisk([500]);
  await relief.look(2 * MIN - 1);
  expect([journal.isRollingOver, relief.floorBytes]).toEqual([true, MIN / 4]);
  expect(relief.message).toContain('fills up');
  // The next key frame has come.
  journal.isRollingOver = false;
  takes[0]?.end();
  takes.push(new Take({ index: 2, path: 'take-2.flv' }));
  expect(await relief.look(MIN)).toBe(false);
  expect([gone, relief.floorBytes]).toEqual([[], MIN / 4]);
  store(takes[0]);
  expect(await relief.look(MIN)).toBe(true);
  expect(gone).toEqual([1]);
  await relief.look(5 * MIN);
  expect([journal.isRollingOver, relief.floorBytes, relief.message]).toEqual([false, MIN, undefined]);
});

it('releases takes in their order, one at a time', async () => {
  const { relief, takes, gone, store } = onDisk([500, 500, 500, 50]);
  store(takes[1]);
  await relief.look(MIN);
  expect(gone).toEqual([]);
  store(takes[0]);
  await relief.look(MIN);
  await relief.look(MIN);
  expect(gone).toEqual([1, 2]);
});

it('does not tear a recording for the sake of little', async () => {
  const { relief, journal } = onDisk([MIN - 1]);
  await relief.look(MIN);
  expect([journal.isRollingOver, relief.floorBytes]).toEqual([false, MIN]);
});

it('makes no promises where nothing can be written any more, or something is lost already', async () => {
  const full = onDisk([500, 50]);
  full.store(full.takes[0]);
  full.fail();
  expect(await full.relief.look(MIN)).toBe(false);
  expect(full.relief.floorBytes).toBe(MIN);

  const lossy = onDisk([500, 50]);
  lossy.store(lossy.takes[0]);
  lossy.takes[0]?.correct(new Take({ index: 1, path: '' }).accepted);
  await lossy.relief.look(MIN);
  expect([lossy.gone, lossy.relief.floorBytes]).toEqual([[], MIN]);
});
