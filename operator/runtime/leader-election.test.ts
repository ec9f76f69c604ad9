import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeaderElection, LeadershipLostError } from './leader-election.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { FakeLeases } from './testing/fake-leases.ts';

describe('leader election', () => {
  let clock: FakeClock;
  let leases: FakeLeases;
  let stop: AbortController;

  beforeEach(() => {
    clock = new FakeClock();
    leases = new FakeLeases();
    stop = new AbortController();
  });
  afterEach(() => stop.abort());

  const candidate = (identity: string) =>
    new LeaderElection({
      client: leases,
      namespace: 'ns',
      name: 'lease',
      identity,
      clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    });
  const state = (promise: Promise<unknown>) => {
    const seen: { is: 'waiting' | 'resolved' | Error } = { is: 'waiting' };
    promise.then(
      () => (seen.is = 'resolved'),
      (error: unknown) => (seen.is = error as Error),
    );
    return seen;
  };

  it('the first one leads; the second waits, and takes over when the lease is no longer renewed', async () => {
    const [first, second] = [candidate('first'), candidate('second')];
    await first.acquire(stop.signal);
    expect(first.isLeader()).toBe(true);
    const waiting = state(second.acquire(stop.signal));
    await clock.advance(14_000);
    expect(waiting.is).toBe('waiting');
    expect(second.isLeader()).toBe(false);
    await clock.advance(4000);
    expect(waiting.is).toBe('resolved');
    expect(first.isLeader()).toBe(false);
    expect(leases.stored?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
  });

  it('a leader that renews keeps the lease', async () => {
    const [first, second] = [candidate('first'), candidate('second')];
    await first.acquire(stop.signal);
    const holding = state(first.hold(stop.signal));
    const waiting = state(second.acquire(stop.signal));
    await clock.advance(120_000);
    expect([holding.is, waiting.is]).toEqual(['waiting', 'waiting']);
    expect(first.isLeader()).toBe(true);
  });

  it('a leader that can’t renew gives up before the lease expires for others', async () => {
    const [first, second] = [candidate('first'), candidate('second')];
    await first.acquire(stop.signal);
    const waiting = state(second.acquire(stop.signal));
    const holding = state(first.hold(stop.signal));
    await clock.advance(3000);
    leases.failure = new Error('the API server is away');
    await clock.advance(12_000);
    expect(holding.is).toBeInstanceOf(LeadershipLostError);
    expect(first.isLeader()).toBe(false);
    expect(waiting.is).toBe('waiting');
  });

  it('a leader whose renewals hang gives up at its deadline', async () => {
    const first = candidate('first');
    await first.acquire(stop.signal);
    const holding = state(first.hold(stop.signal));
    leases.hangs = clock;
    await clock.advance(9_999);
    expect([first.isLeader(), holding.is]).toEqual([true, 'waiting']);
    await clock.advance(1);
    expect(first.isLeader()).toBe(false);
    expect(holding.is).toBeInstanceOf(LeadershipLostError);
  });

  it('a leader that is stopped in the middle of a renewal ends cleanly, and gives the lease back', async () => {
    const first = candidate('first');
    await first.acquire(stop.signal);
    const holding = state(first.hold(stop.signal));
    const release = leases.hold();
    await clock.advance(2000);
    stop.abort();
    await settle();
    expect(holding.is).toBe('waiting');
    release();
    await settle();
    expect(holding.is).toBe('resolved');
    await first.release();
    expect(leases.stored?.spec?.holderIdentity).toBe('');
  });

  it('is unhealthy when it neither renews nor ends, and only then', async () => {
    const first = candidate('first');
    expect(first.unhealthy()).toBeUndefined();
    await clock.advance(60_000);
    expect(first.unhealthy()).toBeUndefined();
    await first.acquire(stop.signal);
    const holding = state(first.hold(stop.signal));
    await clock.advance(60_000);
    expect(first.unhealthy()).toBeUndefined();
    leases.failure = new Error('the API server is away');
    await clock.advance(30_000);
    expect(holding.is).toBeInstanceOf(LeadershipLostError);
    expect(first.unhealthy()).toBeUndefined();
    await clock.advance(10_000);
    expect(first.unhealthy()).toContain('40 s ago');
  });

  it('is well once it has given the lease back', async () => {
    const first = candidate('first');
    await first.acquire(stop.signal);
    await first.release();
    await clock.advance(60_000);
    expect(first.unhealthy()).toBeUndefined();
  });

  it('a leader that was frozen knows at once that it must not act', async () => {
    const first = candidate('first');
    await first.acquire(stop.signal);
    clock.jump(10_000);
    expect(first.isLeader()).toBe(false);
  });

  it('a lost answer is no lost leadership', async () => {
    const first = candidate('first');
    await first.acquire(stop.signal);
    const holding = state(first.hold(stop.signal));
    // Written by ourselves, but we never heard of it.
    await leases.replace(undefined, leases.stored ?? { metadata: {} });
    await clock.advance(4000);
    expect(holding.is).toBe('waiting');
    expect(first.isLeader()).toBe(true);
  });

  it('gives the lease back on a clean end, so that the next one leads at once', async () => {
    const [first, second] = [candidate('first'), candidate('second')];
    await first.acquire(stop.signal);
    await first.release();
    expect(first.isLeader()).toBe(false);
    await second.acquire(stop.signal);
    expect(second.isLeader()).toBe(true);
  });

  it('of two that find a free lease one wins', async () => {
    const candidates = [candidate('a'), candidate('b'), candidate('c')];
    for (const one of candidates) state(one.acquire(stop.signal));
    await settle();
    await clock.advance(3000);
    expect(candidates.filter((one) => one.isLeader())).toHaveLength(1);
  });
});
