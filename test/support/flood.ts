import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** How often connections are opened, in ms: as many at a time as have become due. */
const EVERY_MS = 10;
/** What a busy machine has missed is not made up for beyond this, in ms: that would be another crowd than was asked for. */
const MOST_AT_ONCE_MS = 50;

export interface FloodOptions {
  readonly port: number;
  readonly perSecond: number;
  /** The address on loopback that a connection comes from. */
  readonly addressOf: (index: number) => string;
  /** What each of them sends. Default: nothing */
  readonly says?: Buffer;
}

export interface Flood extends Disposable {
  /** Connections so far that were established. */
  readonly established: () => number;
  /** Since it began, in connections a second. */
  readonly rate: () => number;
}

/** Opens connections to loopback, so many a second, and leaves each of them until the other side closes it. */
export function startFlood({ port, perSecond, addressOf, says }: FloodOptions): Flood {
  const began = performance.now();
  const sockets = new Set<Socket>();
  let looked = began;
  let due = 0;
  let opened = 0;
  let established = 0;
  const open = (): void => {
    const now = performance.now();
    due += (Math.min(now - looked, MOST_AT_ONCE_MS) * perSecond) / 1000;
    looked = now;
    for (; opened < due; opened += 1) {
      const socket = connect({ port, host: '127.0.0.1', localAddress: addressOf(opened) });
      sockets.add(socket);
      socket.on('error', () => undefined).resume();
      socket.once('connect', () => {
        established += 1;
        if (says !== undefined) socket.write(says);
      });
      socket.once('close', () => sockets.delete(socket));
    }
  };
  const timer = setInterval(open, EVERY_MS);
  return {
    established: () => established,
    rate: () => (established * 1000) / (performance.now() - began),
    [Symbol.dispose]: () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Another address of loopback for each of the first 64,000 connections. */
export function anyAddress(index: number): string {
  return `127.1.${(index >> 8) % 250}.${(index % 250) + 1}`;
}
