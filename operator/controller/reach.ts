import { connect } from 'node:net';

/** Milliseconds within which a connection must come about: a worker waits for it. */
const CONNECT_MS = 2000;

/** Whether somebody answers there. */
export type Reach = (host: string, port: number) => Promise<boolean>;

/** Opens a TCP connection and closes it again. */
export const reachByTcp: Reach = async (host, port) => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  socket.setTimeout(CONNECT_MS, () => resolve(false));
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
};
