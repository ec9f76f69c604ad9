import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { LeaderElection, LeadershipLostError } from './leader-election.ts';
import { Manager } from './manager.ts';
import type { Runnable, Source } from './manager.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { FakeLeases } from './testing/fake-leases.ts';

function setup(options: { election?: LeaderElection; clock: FakeClock }) {
  const log: string[] = [];
  const fill = Promise.withResolvers<undefined>();
  let full = false;
  const source: Source = {
    get hasSynced() {
      return full;
    },
    run: async (signal) => {
      log.push('source starts');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      log.push('source ends');
    },
    synced: async () => {
      await fill.promise;
    },
  };
  const work = Promise.withResolvers<undefined>();
  const controller: Runnable = {
    run: async (signal, abort) => {
      log.push('workers start');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      log.push('workers stop taking');
      abort.addEventListener('abort', () => work.resolve(undefined), { once: true });
      if (abort.aborted) work.resolve(undefined);
      await work.promise;
      log.push(abort.aborted ? 'work broken off' : 'work done');
    },
  };
  const manager = new Manager({
    sources: [source],
    controllers: [controller],
    election: options.election,
    clock: options.clock,
    log: pino({ level: 'silent' }),
    onFull: () => log.push('caches full'),
    beforeWork: () => log.push('seeded'),
  });
  const becomeFull = async () => {
    full = true;
    fill.resolve(undefined);
    await settle();
  };
  return { manager, log, becomeFull, finishWork: () => work.resolve(undefined) };
}

describe('the manager', () => {
  it('fills the caches before the workers start, and ends the work before the caches', async () => {
    const clock = new FakeClock();
    const { manager, log, becomeFull, finishWork } = setup({ clock });
    const stop = new AbortController();
    const running = manager.run({ signal: stop.signal });
    await settle();
    expect(manager.unready()).toBeDefined();
    expect(log).toEqual(['source starts']);
    await becomeFull();
    expect(manager.unready()).toBeUndefined();
    stop.abort();
    await settle();
    finishWork();
    await running;
    expect(log).toEqual([
      'source starts',
      'caches full',
      'seeded',
      'workers start',
      'workers stop taking',
      'work done',
      'source ends',
    ]);
    expect(clock.timers).toBe(0);
  });

  it('breaks off work that does not end in time', async () => {
    const clock = new FakeClock();
    const { manager, log, becomeFull } = setup({ clock });
    const stop = new AbortController();
    const running = manager.run({ signal: stop.signal });
    await becomeFull();
    stop.abort();
    await clock.advance(20_000);
    await running;
    expect(log).toContain('work broken off');
  });

  it('ends without a word when it is stopped while it waits to lead', async () => {
    const clock = new FakeClock();
    const leases = new FakeLeases();
    const options = {
      client: leases,
      namespace: 'n',
      name: 'l',
      clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    };
    await new LeaderElection({ ...options, identity: 'other' }).acquire(new AbortController().signal);
    const election = new LeaderElection({ ...options, identity: 'me' });
    const { manager, log, becomeFull } = setup({ clock, election });
    const stop = new AbortController();
    const running = manager.run({ signal: stop.signal });
    await becomeFull();
    stop.abort();
    await running;
    expect(log).toEqual(['source starts', 'caches full', 'source ends']);
  });

  it('stops everything at once and fails when it loses its leadership', async () => {
    const clock = new FakeClock();
    const leases = new FakeLeases();
    const election = new LeaderElection({
      client: leases,
      namespace: 'n',
      name: 'l',
      identity: 'me',
      clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    });
    const { manager, log, becomeFull } = setup({ clock, election });
    const running = manager.run({ signal: new AbortController().signal });
    const failure = running.catch((error: unknown) => error);
    await becomeFull();
    leases.failure = new Error('away');
    await clock.advance(15_000);
    expect(await failure).toBeInstanceOf(LeadershipLostError);
    expect(log.slice(-3)).toEqual(['workers stop taking', 'work broken off', 'source ends']);
  });

  it('gives the lease back when it is stopped', async () => {
    const clock = new FakeClock();
    const leases = new FakeLeases();
    const election = new LeaderElection({
      client: leases,
      namespace: 'n',
      name: 'l',
      identity: 'me',
      clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    });
    const { manager, becomeFull, finishWork } = setup({ clock, election });
    const stop = new AbortController();
    const running = manager.run({ signal: stop.signal });
    await becomeFull();
    stop.abort();
    finishWork();
    await running;
    expect(leases.stored?.spec?.holderIdentity).toBe('');
  });

  it('does not lead before its caches are full, however long that takes', async () => {
    const clock = new FakeClock();
    const leases = new FakeLeases();
    const candidate = (identity: string) =>
      new LeaderElection({
        client: leases,
        namespace: 'n',
        name: 'l',
        identity,
        clock,
        random: () => 0,
        log: pino({ level: 'silent' }),
      });
    const slow = setup({ clock, election: candidate('slow') });
    const quick = setup({ clock, election: candidate('quick') });
    const stop = new AbortController();
    const running = [slow, quick].map(({ manager }) => manager.run({ signal: stop.signal }));
    await clock.advance(60_000);
    expect(leases.stored).toBeUndefined();
    await quick.becomeFull();
    expect(leases.stored?.spec?.holderIdentity).toBe('quick');
    await clock.advance(60_000);
    await slow.becomeFull();
    await clock.advance(60_000);
    expect(leases.stored?.spec).toMatchObject({ holderIdentity: 'quick', leaseTransitions: 0 });
    expect(slow.log).toEqual(['source starts', 'caches full']);
    expect(quick.log).toEqual(['source starts', 'caches full', 'seeded', 'workers start']);
    stop.abort();
    quick.finishWork();
    await Promise.all(running);
    expect(clock.timers).toBe(0);
  });

  it('leads as soon as its caches are full when the last leader died while they filled', async () => {
    const clock = new FakeClock();
    const leases = new FakeLeases();
    const options = {
      client: leases,
      namespace: 'n',
      name: 'l',
      clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    };
    await new LeaderElection({ ...options, identity: 'dead' }).acquire(new AbortController().signal);
    const { manager, becomeFull, finishWork } = setup({
      clock,
      election: new LeaderElection({ ...options, identity: 'me' }),
    });
    const stop = new AbortController();
    const running = manager.run({ signal: stop.signal });
    await clock.advance(15_000);
    expect(manager.active).toBe(false);
    await becomeFull();
    expect(manager.active).toBe(true);
    stop.abort();
    finishWork();
    await running;
  });
});
