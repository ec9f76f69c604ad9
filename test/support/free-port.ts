import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems hand out for outgoing connections: one of those may be taken by any connection between
 * the look and the server's start.
 */
const [FIRST, LAST] = [15_000, 29_999];

/** A TCP port on 127.0.0.1 that nothing listens on, for servers that can't be told to choose one themselves. */
export async function freePort(): Promise<number> {
  for (let tries = 100; tries > 0; tries--) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no TCP port from ${FIRST} to ${LAST} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
