import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { killWhenStuck } from './kill-when-stuck.ts';

function watched(what: {
  readonly isBusy: () => boolean;
  readonly moves: () => boolean;
  readonly started?: Promise<void>;
}) {
  let killed = false;
  let said = false;
  let moved = 0;
  const over = new AbortController();
  const done = killWhenStuck(
    {
      process: {
        started: what.started ?? Promise.resolve(),
        done: Promise.resolve(),
        kill: () => (killed = true),
      },
      isBusy: what.isBusy,
      progress: () => Promise.resolve([(moved += what.moves() ? 1 : 0), 0]),
      onStuck: () => (said = !killed),
      stuckAfterMs: 120,
    },
    over.signal,
  );
  return { done, over, isKilled: () => killed, wasSaidBefore: () => said };
}

it('kills one that has something to do and does not move, and says so before', async () => {
  const { done, isKilled, wasSaidBefore } = watched({ isBusy: () => true, moves: () => false });
  await done;
  expect(isKilled()).toBe(true);
  expect(wasSaidBefore()).toBe(true);
});

it('lets one live that moves, however little', async () => {
  const { done, over, isKilled } = watched({ isBusy: () => true, moves: () => true });
  await sleep(400);
  over.abort();
  await done;
  expect(isKilled()).toBe(false);
});

it('lets one live that has nothing to do, and counts only what it stands still in a row', async () => {
  let looks = 0;
  const { done, over, isKilled } = watched({ isBusy: () => (looks += 1) % 6 !== 0, moves: () => false });
  await sleep(400);
  expect(looks).toBeGreaterThan(12);
  over.abort();
  await done;
  expect(isKilled()).toBe(false);
});

it('lets one live that waits for its turn, and watches it from when it runs', async () => {
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { done, isKilled } = watched({ isBusy: () => true, moves: () => false, started });
  await sleep(400);
  expect(isKilled()).toBe(false);
  start();
  await done;
  expect(isKilled()).toBe(true);
});

it('goes with what it watches', async () => {
  for (const started of [Promise.resolve(), new Promise<void>(() => undefined)]) {
    const { done, over, isKilled } = watched({ isBusy: () => true, moves: () => false, started });
    over.abort();
    await done;
    expect(isKilled()).toBe(false);
  }
});
