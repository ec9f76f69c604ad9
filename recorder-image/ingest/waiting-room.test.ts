import { describe, expect, it } from 'vitest';
import { WaitingRoom } from './waiting-room.ts';

interface Guest {
  readonly host: string;
  readonly greeted: boolean;
  readonly close: () => void;
  readonly closed: () => boolean;
}

function guest(host: string, greeted = false): Guest {
  let closed = false;
  const close = (): void => {
    closed = true;
  };
  return { host, greeted, close, closed: () => closed };
}

/** So many of them, each from an address of its own unless told. */
function crowd(room: WaitingRoom, count: number, host?: string): Guest[] {
  const guests = Array.from({ length: count }, (_, index) => guest(host ?? `10.0.0.${index}`));
  for (const one of guests) room.enter(one);
  return guests;
}

const closedOf = (guests: readonly Guest[]): number => guests.filter((one) => one.closed()).length;

describe('where connections wait', () => {
  it('never holds more than 16 of one address, and those push out only one another', () => {
    const room = new WaitingRoom();
    const publisher = guest('10.1.1.1');
    room.enter(publisher);
    const flood = crowd(room, 1000, '10.2.2.2');
    expect(room.size).toBe(17);
    expect(closedOf(flood)).toBe(984);
    expect(publisher.closed()).toBe(false);
  });

  it('lets a newcomer in when it is full', () => {
    const room = new WaitingRoom();
    const idle = crowd(room, 64);
    const publisher = guest('10.1.1.1');
    room.enter(publisher);
    expect(room.size).toBe(64);
    expect(closedOf(idle)).toBe(1);
    expect(publisher.closed()).toBe(false);
  });

  it('sends away one that has not even finished the handshake before one that has', () => {
    const room = new WaitingRoom();
    const publisher = guest('10.2.2.2', true);
    room.enter(publisher);
    const idle = crowd(room, 100, '10.2.2.2');
    expect(publisher.closed()).toBe(false);
    expect(closedOf(idle)).toBe(85);
  });

  it('has room again when one leaves, and closes all of them at the end', () => {
    const room = new WaitingRoom();
    const idle = crowd(room, 64);
    for (const one of idle.slice(0, 32)) room.leave(one);
    room.enter(guest('10.1.1.1'));
    expect(closedOf(idle)).toBe(0);
    room.close();
    expect(closedOf(idle)).toBe(32);
    expect(room.size).toBe(0);
  });
});
