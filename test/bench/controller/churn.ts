import { setTimeout as sleep } from 'node:timers/promises';
import { between, quantiles, secondsSince } from './latencies.ts';
import type { Quantiles } from './latencies.ts';
import type { ChurnOptions, SideName } from './options.ts';
import { Place } from './place.ts';
import type { PlaceOptions, Spent } from './place.ts';
import { usageOf } from './process-usage.ts';
import { create, eachOf, keyOfRecording, remove, stop } from './recordings.ts';

/** What one churn of one side has measured. Times in seconds. */
export interface ChurnResult extends Spent {
  readonly side: SideName;
  readonly live: number;
  /** Recordings that began, and as many that ended, while it churned. */
  readonly changed: number;
  readonly createdToPod: Quantiles;
  readonly podToStatus: Quantiles;
  /** Of the controller, while it churned. */
  readonly churnCpuSeconds: number;
  /** From the last change until everything that it asked for was done. */
  readonly behindSeconds: number;
}

/**
 * Among many that go on, recordings begin and end at a steady rate, whether the controller keeps up or not; what has
 * ended is deleted.
 */
export async function churn(options: PlaceOptions & { churn: ChurnOptions }): Promise<ChurnResult> {
  const { contender } = options;
  const { live, rate, seconds } = options.churn;
  const changed = rate * seconds;
  await using place = await Place.open({ ...options, objects: live + changed });
  const { observer } = place;
  const running = await place.begin();
  const names = Array.from({ length: live + changed }, (_, index) => `rec-${index}`);
  await eachOf(names.slice(0, live), async (name) => await create(place, name));
  await place.until('recording', live);

  const { cpuSeconds } = await usageOf(running.child.pid);
  const began = performance.now();
  const changes: Promise<void>[] = [];
  const change = (work: Promise<void>): void => {
    changes.push(work);
    // It is waited for at the end, where it may have failed long ago.
    work.catch(() => undefined);
  };
  const stopped = new Set<string>();
  for (let index = 0; index < changed; index++) {
    await sleep(Math.max(0, began + (index * 1000) / rate - performance.now()));
    const [newest = '', oldest = ''] = [names[live + index], names[index]];
    change(create(place, newest));
    change(stop(place, oldest));
    stopped.add(oldest);
    for (const name of stopped) {
      if (!observer.has(keyOfRecording(name), 'released')) break;
      stopped.delete(name);
      change(remove(place, name));
    }
  }
  await Promise.all(changes);
  const last = performance.now();
  await place.until('recording', live + changed);
  await place.until('released', changed);
  const behindSeconds = secondsSince(last);
  const churnCpuSeconds = (await usageOf(running.child.pid)).cpuSeconds - cpuSeconds;
  await place.end(running);

  const moments = [...observer.moments];
  return {
    side: contender.name,
    live,
    changed,
    createdToPod: quantiles(between(moments, 'created', 'pod', began)),
    podToStatus: quantiles([
      ...between(moments, 'podReady', 'listening', began),
      ...between(moments, 'podEnded', 'completed', began),
    ]),
    churnCpuSeconds,
    behindSeconds,
    ...(await place.spent()),
  };
}
