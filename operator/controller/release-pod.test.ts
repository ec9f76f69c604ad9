import { describe, expect, it } from 'vitest';
import { STUCK_SECONDS } from './recorder-state.ts';
import { releasePod } from './release-pod.ts';
import { NOW, NOW_MS, podOf, recordingOf, worldOf } from './testing/build.ts';
import type { World } from './world.ts';

const signal = new AbortController().signal;
const running = { container: { state: { running: {} } } };

/** @param nowMs Unix milliseconds */
function setup(nowMs: number) {
  const done: string[] = [];
  const remove = async (_resource: unknown, _ref: unknown, options: { gracePeriodSeconds?: number }) =>
    await Promise.resolve(done.push(`deleted with ${options.gracePeriodSeconds ?? 'its own'} s`));
  const kube = {
    delete: remove as unknown as World['kube']['delete'],
    patch: (async () => await Promise.resolve(done.push('let go'))) as unknown as World['kube']['patch'],
  };
  const world = { ...worldOf({ kube }), clock: { ...worldOf().clock, now: () => nowMs } } as World;
  return { world, done };
}

describe('letting a pod go', () => {
  it('deletes it gracefully, and takes its finalizer away', async () => {
    const { world, done } = setup(NOW_MS);
    await releasePod(podOf(recordingOf(), running), world, signal);
    expect(done).toEqual(['deleted with its own s', 'let go']);
  });

  it.each([
    [-1000, ['let go']],
    [0, ['deleted with 0 s', 'let go']],
  ])('that is stuck in deletion uses force when its time is over: %i ms', async (ms, expected) => {
    const { world, done } = setup(NOW_MS + STUCK_SECONDS * 1000 + ms);
    await releasePod(
      podOf(recordingOf(), {
        ...running,
        metadata: { ...podOf(recordingOf()).metadata, deletionTimestamp: NOW },
      }),
      world,
      signal,
    );
    expect(done).toEqual(expected);
  });
});
