import { describe, expect, it } from 'vitest';
import { AcceptRate } from './accept-rate.ts';
import { PeerAddress } from './peer-address.ts';
import type { Visitor } from './visitor.ts';
import { WaitingRoom } from './waiting-room.ts';

interface Guest extends Visitor {
  heard: boolean;
  greeted: boolean;
  readonly closed: () => boolean;
}

/** Milliseconds; whoever does not say otherwise has come a second before. */
const NOW = 1000;

type Manner = 'silent' | 'heard' | 'greeted';

function guest(host: string | undefined, manner: Manner = 'silent', cameAt = 0): Guest {
  let closed = false;
  const close = (): void => {
    closed = true;
  };
  const address = host === undefined ? undefined : new PeerAddress(host, 1);
  return {
    address,
    cameAt,
    heard: manner !== 'silent',
    greeted: manner === 'greeted',
    close,
    closed: () => closed,
  };
}

function room(): { waiting: WaitingRoom; expelled: () => number } {
  let expelled = 0;
  const onExpelled = (): void => {
    expelled += 1;
  };
  const waiting = new WaitingRoom(onExpelled, () => NOW);
  return { waiting, expelled: () => expelled };
}

/** So many of them, each from an address of its own unless told; returns those that came in. */
function crowd(
  waiting: WaitingRoom,
  count: number,
  host: (index: number) => string,
  manner?: Manner,
): Guest[] {
  const guests = Array.from({ length: count }, (_, index) => guest(host(index), manner));
  return guests.filter((one) => waiting.enter(one));
}

const anywhere = (index: number): string => `10.0.${index >> 8}.${index & 255}`;
const closedOf = (guests: readonly Guest[]): number => guests.filter((one) => one.closed()).length;

/** Milliseconds: half of a round trip, and how far apart the connections of two crowds come. */
const [DELAY, EVERYWHERE, OWN] = [50, 1000 / 300, 1000 / 150];

describe('a publisher at 100 ms round trip', () => {
  it.each(['silent', 'heard'] as const)(
    'gets in among 300 connections a second from everywhere and 150 from its own address that are %s',
    (manner) => {
      let now = 0;
      const waiting = new WaitingRoom(
        () => undefined,
        () => now,
      );
      const rate = new AcceptRate(() => now);
      let rejected = 0;
      const arrive = (one: Guest): void => {
        const allowed = rate.allowsFrom(one.address?.network ?? '') && rate.allows();
        if (!allowed || !waiting.enter(one)) rejected += 1;
      };
      const own = '10.200.0.1';
      let [everywhereAt, ownAt, came] = [0, 0, 0];
      /** Lets the crowds come until then. */
      const until = (end: number): void => {
        for (now = Math.min(everywhereAt, ownAt); now < end; now = Math.min(everywhereAt, ownAt)) {
          const fromOwn = ownAt < everywhereAt;
          arrive(guest(fromOwn ? own : anywhere((came += 1)), manner, now));
          if (fromOwn) ownAt += OWN;
          else everywhereAt += EVERYWHERE;
        }
        now = end;
      };
      until(3000);
      for (let time = 3000; time < 13_000; time += 137) {
        until(time);
        const publisher = guest(own, 'silent', now);
        arrive(publisher);
        until(time + DELAY);
        publisher.heard = true;
        // The answer goes there, and what it says to that comes back.
        until(time + 3 * DELAY);
        expect(publisher.closed()).toBe(false);
        waiting.leave(publisher);
      }
      expect(rejected).toBe(0);
    },
  );
});

describe('where connections wait', () => {
  it('never holds more than 96 of one address, and those push out only one another', () => {
    const { waiting, expelled } = room();
    const publisher = guest('10.1.1.1');
    waiting.enter(publisher);
    const flood = crowd(waiting, 1000, () => '10.2.2.2');
    expect(waiting.size).toBe(97);
    expect(closedOf(flood)).toBe(904);
    expect(publisher.closed()).toBe(false);
    expect(expelled()).toBe(904);
  });

  it('never holds more than 128 of one IPv6 network, however many addresses it has', () => {
    const { waiting } = room();
    const publisher = guest('2001:db8:1:2::1');
    waiting.enter(publisher);
    const flood = crowd(waiting, 1000, (index) => `2001:db8:1:1::${(index + 1).toString(16)}`);
    expect(waiting.size).toBe(129);
    expect(closedOf(flood)).toBe(872);
    expect(publisher.closed()).toBe(false);
  });

  it('takes an IPv4 address for the same, however it is written', () => {
    const { waiting } = room();
    crowd(waiting, 100, (index) => (index % 2 === 0 ? '10.2.2.2' : '::ffff:10.2.2.2'));
    expect(waiting.size).toBe(96);
  });

  it('lets a newcomer in when it is full', () => {
    const { waiting } = room();
    const idle = crowd(waiting, 256, anywhere);
    const publisher = guest('10.1.1.1');
    expect(waiting.enter(publisher)).toBe(true);
    expect(waiting.size).toBe(256);
    expect(closedOf(idle)).toBe(1);
    expect(publisher.closed()).toBe(false);
  });

  it('sends away the silent first, then those that are in the middle of the handshake', () => {
    const { waiting } = room();
    const speaking = crowd(waiting, 100, anywhere, 'heard');
    const silent = crowd(waiting, 156, (index) => anywhere(index + 100));
    crowd(waiting, 156, (index) => anywhere(index + 300), 'heard');
    expect([closedOf(speaking), closedOf(silent)]).toEqual([0, 156]);
    crowd(waiting, 100, (index) => anywhere(index + 500), 'heard');
    expect(closedOf(speaking)).toBe(100);
  });

  it('does not take one that has just come for a silent one', () => {
    const { waiting } = room();
    const speaking = crowd(waiting, 255, anywhere, 'heard');
    const [newest, older] = [guest('10.3.3.3', 'silent', NOW - 200), guest('10.4.4.4', 'silent', NOW - 300)];
    for (const one of [newest, older, guest('10.5.5.5')]) waiting.enter(one);
    expect([newest.closed(), older.closed(), closedOf(speaking)]).toEqual([false, true, 1]);
  });

  it('sends away the oldest, wherever it comes from', () => {
    const { waiting } = room();
    const many = crowd(waiting, 96, () => '10.2.2.2');
    const few = crowd(waiting, 160, anywhere);
    crowd(waiting, 100, (index) => anywhere(index + 200));
    expect([closedOf(many), closedOf(few)]).toEqual([96, 4]);
  });

  it('never sends away one that has shaken hands, and turns newcomers away rather', () => {
    const { waiting, expelled } = room();
    const greeted = crowd(waiting, 300, anywhere, 'greeted');
    expect(greeted).toHaveLength(256);
    expect(waiting.enter(guest('10.1.1.1'))).toBe(false);
    expect([closedOf(greeted), expelled()]).toEqual([0, 0]);
    const [first] = greeted;
    if (first !== undefined) waiting.leave(first);
    expect(waiting.enter(guest('10.1.1.1'))).toBe(true);
  });

  it('keeps those of one address apart from all others, when they have shaken hands', () => {
    const { waiting } = room();
    expect(crowd(waiting, 200, () => '10.2.2.2', 'greeted')).toHaveLength(96);
    expect(waiting.enter(guest('10.1.1.1'))).toBe(true);
  });

  it('takes those that a proxy has not named yet for no crowd of one address', () => {
    const { waiting } = room();
    for (let count = 0; count < 200; count += 1) waiting.enter(guest(undefined));
    expect(waiting.size).toBe(200);
  });

  it('has room again when one leaves, and closes all of them at the end', () => {
    const { waiting } = room();
    const idle = crowd(waiting, 256, anywhere);
    for (const one of idle.slice(0, 32)) waiting.leave(one);
    waiting.enter(guest('10.1.1.1'));
    expect(closedOf(idle)).toBe(0);
    waiting.close();
    expect(closedOf(idle)).toBe(224);
    expect(waiting.size).toBe(0);
  });
});
