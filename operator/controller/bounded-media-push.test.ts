import { describe, expect, it } from 'vitest';
import { AgoraUnavailableError } from '../agora/agora-error.ts';
import type { MediaPush } from '../agora/media-push.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { BoundedMediaPush } from './bounded-media-push.ts';

/** Answers nothing until its caller gives up. */
const hang = async (signal: AbortSignal | undefined): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  signal?.addEventListener('abort', () => reject(signal.reason as Error));
  return await promise;
};

describe('an Agora that hangs', () => {
  it('is given up after a while, as one that does not answer', async () => {
    const clock = new FakeClock();
    const hanging = { stop: (_region: string, _id: string, signal?: AbortSignal) => hang(signal) };
    const push = new BoundedMediaPush({ push: hanging as unknown as MediaPush, clock });
    const stopped = push.stop('eu', 'c1').catch((error: unknown) => error);
    await clock.advance(4000);
    expect(await stopped).toBeInstanceOf(AgoraUnavailableError);
    expect(clock.timers).toBe(0);
  });

  it('is given up at once when the caller does', async () => {
    const clock = new FakeClock();
    const hanging = { get: (_region: string, _id: string, signal?: AbortSignal) => hang(signal) };
    const push = new BoundedMediaPush({ push: hanging as unknown as MediaPush, clock });
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
    const push = new BoundedMediaPush({ push: quick as unknown as MediaPush, clock });
    expect(await push.findByName('name')).toBe(converter);
    expect(clock.timers).toBe(0);
  });
});
