import { pause } from '../../../recorder-image/support/pause.ts';
import { ATTACKS, closed, openQuietly, refused } from '../../support/media/hostile.ts';

/** Connections that say nothing for as long as they may, and such that say it byte by byte. */
const SILENT = 1000;
const SLOW = 10;
/** How long each waits, in ms, before it comes again. */
const AGAIN_MS = 2000;
const DRIP_MS = 20;
/** How many send the same at a time. */
const ATTACKERS = 70;

/** A crowd of more than 1,000 connections and attacks without end at the port of this address, until the signal is aborted. */
export async function besiege(url: string, signal: AbortSignal): Promise<void> {
  const port = Number(new URL(url).port);
  const attacks = Object.values(ATTACKS);
  await Promise.all([
    ...Array.from({ length: SILENT }, () => repeat(() => stay(port, signal), signal)),
    ...Array.from({ length: SLOW }, () => repeat(() => drip(port, signal), signal)),
    ...Array.from({ length: ATTACKERS }, (_, index) => {
      const bytes = attacks[index % attacks.length] ?? Buffer.alloc(0);
      return repeat(() => refused(port, bytes), signal);
    }),
  ]);
}

async function repeat(visit: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await visit();
    await pause(AGAIN_MS * Math.random(), [signal]);
  }
}

/** Connects, says nothing and stays until it is sent away. */
async function stay(port: number, signal: AbortSignal): Promise<void> {
  const socket = openQuietly(port);
  const leave = (): void => void socket.destroy();
  signal.addEventListener('abort', leave, { once: true });
  socket.resume();
  await closed(socket);
  signal.removeEventListener('abort', leave);
}

async function drip(port: number, signal: AbortSignal): Promise<void> {
  const socket = openQuietly(port);
  const leave = (): void => void socket.destroy();
  signal.addEventListener('abort', leave, { once: true });
  socket.resume();
  socket.write(Buffer.from([3]));
  const dripping = setInterval(() => void socket.write(Buffer.from([0])), DRIP_MS);
  await closed(socket);
  clearInterval(dripping);
  signal.removeEventListener('abort', leave);
}
