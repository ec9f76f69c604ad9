import { describe, expect, it } from 'vitest';
import { AgoraUnavailableError } from '../agora/agora-error.ts';
import type { MediaPush, PushRequest } from '../agora/media-push.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import { BoundedMediaPush } from './bounded-media-push.ts';
import { PushBusyError } from './push-busy.ts';
import { passOf, recordingOf } from './testing/build.ts';

/** Answers nothing until its caller gives up. */
const hang = async (signal: AbortSignal | undefined): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  signal?.addEventListener('abort', () => reject(signal.reason as Error));
  return await promise;
};

const wake = () => undefined;

describe('an Agora that hangs', () => {
  it('has half of the workers wait for new pushes and fewer for the rest, and is not asked by others', async () => {
    const clock = new FakeClock();
    const asked: string[] = [];
    const hanging: Partial<MediaPush> = {
      start: async (_request, signal) => {
        asked.push('start');
        return await hang(signal);
      },
      get: async (_region, _id, signal) => {
        asked.push('get');
        return await hang(signal);
      },
    };
    const woken: string[] = [];
    const push = new BoundedMediaPush({
      push: hanging as MediaPush,
      clock,
      workers: 10,
      wake: (key) => woken.push(key),
    });
    const failures: unknown[] = [];
    const fails = (call: Promise<unknown>) => call.catch((error: unknown) => failures.push(error));
    const calls = Array.from({ length: 7 }, () => fails(push.start({} as PushRequest)));
    calls.push(...Array.from({ length: 4 }, () => fails(push.get('eu', 'c1'))));
    await settle();
    expect(asked).toEqual([...Array<string>(5).fill('start'), ...Array<string>(3).fill('get')]);
    expect(failures).toHaveLength(3);
    for (const failure of failures) expect(failure).toBeInstanceOf(PushBusyError);

    // Who was turned away comes back when one of its kind has its answer, or none.
    const pass = passOf(recordingOf());
    (failures[0] as PushBusyError).comeBack(pass);
    expect(pass.requeueAfterMs).toBe(5000);
    await clock.advance(4000);
    expect(woken).toEqual([]);
    await clock.advance(4000);
    expect(woken).toEqual([pass.key]);
    await Promise.all(calls);
    expect(failures.slice(3).every((error) => error instanceof AgoraUnavailableError)).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('is given up after a while, as one that does not answer', async () => {
    const clock = new FakeClock();
    const hanging = { stop: (_region: string, _id: string, signal?: AbortSignal) => hang(signal) };
    const push = new BoundedMediaPush({ push: hanging as unknown as MediaPush, clock, workers: 10, wake });
    const stopped = push.stop('eu', 'c1').catch((error: unknown) => error);
    await clock.advance(4000);
    expect(await stopped).toBeInstanceOf(AgoraUnavailableError);
    expect(clock.timers).toBe(0);
  });

  it('is given up at once when the caller does', async () => {
    const clock = new FakeClock();
    const hanging = { get: (_region: string, _id: string, signal?: AbortSignal) => hang(signal) };
    const push = new BoundedMediaPush({ push: hanging as unknown as MediaPush, clock, workers: 10, wake });
    const caller = new AbortController();
    const asked = push.get('eu', 'c1', caller.signal).catch((error: unknown) => error);
    const reason = new Error('stopping');
    caller.abort(reason);
    expect(await asked).toBe(reason);
    expect(clock.timers).toBe(0);
  });

  it('is not waited for once it has answered', async () => {
    const clock = new FakeClock();
    const converter = { id: 'c1', state: 'running' } as const;
    const quick = { findByName: () => Promise.resolve(converter) };
    const push = new BoundedMediaPush({ push: quick as unknown as MediaPush, clock, workers: 10, wake });
    expect(await push.findByName('name')).toBe(converter);
    expect(clock.timers).toBe(0);
  });
});
