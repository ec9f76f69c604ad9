import { setTimeout as sleep } from 'node:timers/promises';
import { between, quantiles } from './latencies.ts';
import type { Quantiles } from './latencies.ts';
import type { ChangesOptions, SideName } from './options.ts';
import { Place } from './place.ts';
import type { PlaceOptions, Spent } from './place.ts';
import { create, eachOf, keyOfRecording, stop } from './recordings.ts';

/** What was measured of recorders that change their state and of slots that are freed. Times in seconds. */
export interface ChangesResult extends Spent {
  readonly side: SideName;
  readonly slots: number;
  /** From a recorder's change, which it tells to whoever waits for its answer, until the status says it. */
  readonly changeToStatus: Quantiles;
  /** From one recording's being Completed, all slots being taken, until the next one is Admitted. */
  readonly freedToAdmitted: Quantiles;
}

/** The reasons that the status gives for the states. */
const REASONS = { reconnecting: 'Reconnecting', recording: 'Receiving' } as const;

/** Recorders lose their publishers and get them back; then, more recordings than slots being there, some end. */
export async function changes(options: PlaceOptions & { changes: ChangesOptions }): Promise<ChangesResult> {
  const { contender } = options;
  const { slots, flips, flipRate, freed, freeRate } = options.changes;
  await using place = await Place.open({ ...options, objects: slots });
  const running = await place.begin();
  const names = Array.from({ length: slots + freed }, (_, index) => `rec-${index}`);
  await eachOf(names.slice(0, slots), async (name) => await create(place, name));
  await place.until('recording', slots);

  const changeToStatus = await flipStates(place, names.slice(0, slots), { flips, flipRate });

  await eachOf(names.slice(slots), async (name) => await create(place, name));
  await place.until('pending', freed);
  const began = performance.now();
  for (let index = 0; index < freed; index++) {
    await sleep(Math.max(0, began + (index * 1000) / freeRate - performance.now()));
    await stop(place, names[index] ?? '');
  }
  await place.until('released', freed);
  await place.until('admitted', slots + freed);
  await place.end(running);

  return {
    side: contender.name,
    slots,
    changeToStatus: quantiles(changeToStatus),
    freedToAdmitted: quantiles(freedToAdmitted(place)),
    ...(await place.spent()),
  };
}

/** Seconds that each change took to be in the status. */
async function flipStates(
  { observer, recorders }: Place,
  names: readonly string[],
  { flips, flipRate }: { flips: number; flipRate: number },
): Promise<number[]> {
  const seconds: number[] = [];
  const awaited = new Map<string, { reason: string; atMs: number; seen: () => void }>();
  observer.onStatus((key, { reason }) => {
    const change = awaited.get(key);
    if (change === undefined || change.reason !== reason) return;
    awaited.delete(key);
    seconds.push((performance.now() - change.atMs) / 1000);
    change.seen();
  });
  const began = performance.now();
  const seen: Promise<void>[] = [];
  for (let index = 0; index < flips; index++) {
    await sleep(Math.max(0, began + (index * 1000) / flipRate - performance.now()));
    const name = names[index % names.length] ?? '';
    const state = Math.floor(index / names.length) % 2 === 0 ? 'reconnecting' : 'recording';
    const { promise, resolve } = Promise.withResolvers<void>();
    seen.push(promise);
    awaited.set(keyOfRecording(name), { reason: REASONS[state], atMs: performance.now(), seen: resolve });
    recorders.change(name, state);
  }
  await Promise.all(seen);
  return seconds;
}

/** Each that ends lets in one: the first the first, the second the second. */
function freedToAdmitted({ observer }: Place): number[] {
  const moments = [...observer.moments];
  const ended = moments.flatMap(({ completed }) => completed ?? []).toSorted((a, b) => a - b);
  const admitted = moments
    .flatMap(({ pending, admitted }) => (pending === undefined || admitted === undefined ? [] : admitted))
    .toSorted((a, b) => a - b);
  return between(
    ended.map((completed, index) => ({ completed, admitted: admitted[index] ?? Number.NaN })),
    'completed',
    'admitted',
  );
}
