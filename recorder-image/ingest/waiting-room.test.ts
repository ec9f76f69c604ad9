import { describe, expect, it } from 'vitest';
import { PeerAddress } from './peer-address.ts';
import type { Visitor } from './visitor.ts';
import { WaitingRoom } from './waiting-room.ts';

interface Guest extends Visitor {
  heard: boolean;
  greeted: boolean;
  readonly closed: () => boolean;
}

type Manner = 'silent' | 'heard' | 'greeted';

function guest(host: string | undefined, manner: Manner = 'silent'): Guest {
  let closed = false;
  const close = (): void => {
    closed = true;
  };
  const address = host === undefined ? undefined : new PeerAddress(host, 1);
  return { address, heard: manner !== 'silent', greeted: manner === 'greeted', close, closed: () => closed };
}

function room(): { waiting: WaitingRoom; expelled: () => number } {
  let expelled = 0;
  const waiting = new WaitingRoom(() => {
    expelled += 1;
  });
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

  it('sends away of the largest crowd', () => {
    const { waiting } = room();
    const few = crowd(waiting, 160, anywhere);
    const many = crowd(waiting, 96, () => '10.2.2.2');
    crowd(waiting, 50, (index) => anywhere(index + 200));
    expect([closedOf(few), closedOf(many)]).toEqual([0, 50]);
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
