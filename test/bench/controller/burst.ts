import { between, quantiles, secondsSince } from './latencies.ts';
import type { Quantiles } from './latencies.ts';
import { Place } from './place.ts';
import type { PlaceOptions, Spent } from './place.ts';
import type { SideName } from './options.ts';
import { create, eachOf, stop } from './recordings.ts';

/** What one burst of one side has measured. Times in seconds. */
export interface BurstResult extends Spent {
  readonly side: SideName;
  readonly objects: number;
  /** From the first object's creation until all of them are Recording. */
  readonly recordingSeconds: number;
  /** From the first change of desiredState until all of them are Completed; absent where they go on. */
  readonly completedSeconds?: number;
  readonly createdToPod: Quantiles;
  /** Of both: the pod is ready and the status says it listens; the pod has ended and the status says Completed. */
  readonly podToStatus: Quantiles;
  /** From the start of the process, all objects being Recording, until a new one has its pod; absent without one. */
  readonly restartSeconds?: number;
  /** How much of that had passed when the caches were full, which is when the new one was made. */
  readonly restartReadySeconds?: number;
}

const PROBE = 'probe';

/** All recordings are made at once, the controller is perhaps started anew, and all are stopped at once. */
export async function burst(
  options: PlaceOptions & { restarts: boolean; completes: boolean },
): Promise<BurstResult> {
  const { objects, contender, restarts, completes } = options;
  await using place = await Place.open({ ...options, objects: objects + 1 });
  const names = Array.from({ length: objects }, (_, index) => `rec-${index}`);

  let running = await place.begin();
  const created = performance.now();
  await eachOf(names, async (name) => await create(place, name));
  await place.until('recording', objects);
  const recordingSeconds = secondsSince(created);

  let restart: { restartSeconds: number; restartReadySeconds: number } | undefined;
  if (restarts) {
    await place.end(running);
    const restarted = performance.now();
    running = await place.begin();
    const restartReadySeconds = secondsSince(restarted);
    await create(place, PROBE);
    await place.until('pod', objects + 1);
    restart = { restartSeconds: secondsSince(restarted), restartReadySeconds };
    names.push(PROBE);
    await place.until('recording', objects + 1);
  }

  let completedSeconds: number | undefined;
  if (completes) {
    const stopped = performance.now();
    await eachOf(names, async (name) => await stop(place, name));
    await place.until('completed', names.length);
    completedSeconds = secondsSince(stopped);
    await place.until('released', names.length);
  }
  await place.end(running);

  const moments = [...place.observer.moments];
  return {
    side: contender.name,
    objects,
    recordingSeconds,
    ...(completedSeconds !== undefined && { completedSeconds }),
    createdToPod: quantiles(between(moments, 'created', 'pod')),
    podToStatus: quantiles([
      ...between(moments, 'podReady', 'listening'),
      ...between(moments, 'podEnded', 'completed'),
    ]),
    ...restart,
    ...(await place.spent()),
  };
}
