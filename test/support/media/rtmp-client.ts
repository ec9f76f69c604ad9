import { once } from 'node:events';
import { connect as dialTcp } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as dialTls } from 'node:tls';
import { connect, HANDSHAKE, publish } from '../../../recorder-image/ingest/testing/messages.ts';
import { waitFor } from '../wait-for.ts';

/** The socket is not fed further than this ahead of the network, in bytes. */
const AHEAD_BYTES = 1024 * 1024;

export interface RtmpClientOptions {
  readonly port: number;
  /** Default: 127.0.0.1 */
  readonly host?: string;
  /** The address that it comes from, for example 127.0.0.2. */
  readonly localAddress?: string;
  /** Speaks TLS: for this name, which this authority (PEM) vouches for. */
  readonly tls?: { readonly serverName: string; readonly ca: string | Buffer };
  /** What comes before everything else, TLS too. */
  readonly header?: Buffer;
}

/** One RTMP connection, from the client's side: sends what it is told to, and keeps what it hears. */
export interface RtmpClient extends AsyncDisposable {
  readonly socket: Socket;
  /** Settles when the connection is closed, by whatever side. */
  readonly closed: Promise<void>;
  /** Returns when the network has taken them. Throws when the server has closed the connection. */
  readonly send: (messages: Iterable<Buffer>) => Promise<void>;
  /** What the server has said, as Latin-1. */
  readonly heard: () => string;
  /** Returns once the server has said this, so many times. Default: once. Throws when it closes without that. */
  readonly hears: (text: string, times?: number) => Promise<void>;
}

export async function startRtmpClient(options: RtmpClientOptions): Promise<RtmpClient> {
  const socket = await dial(options);
  let heard = '';
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1');
  });
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const count = (text: string): number => heard.split(text).length - 1;
  return {
    socket,
    closed,
    send: async (messages) => {
      for (const bytes of messages) {
        socket.write(bytes);
        if (socket.writableLength > AHEAD_BYTES) await Promise.race([once(socket, 'drain'), closed]);
        if (socket.destroyed) throw new Error('the server has closed the connection');
      }
      while (socket.writableLength > 0 && !socket.destroyed) await sleep(5);
    },
    heard: () => heard,
    hears: async (text, times = 1) => {
      const enough = (): boolean => count(text) >= times;
      await waitFor(() => enough() || socket.destroyed, {
        what: `the server to say ${text}`,
        intervalMs: 10,
      });
      if (!enough()) throw new Error(`the server has closed the connection: ${heard.slice(-200)}`);
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await closed;
    },
  };
}

/** Connects and publishes. Throws when the server does not let it. */
export async function startPublishingClient(
  options: RtmpClientOptions & { readonly key: string },
): Promise<RtmpClient> {
  const client = await startRtmpClient(options);
  try {
    await client.send([HANDSHAKE, connect(), publish(options.key)]);
    await client.hears('NetStream.Publish.Start');
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
  return client;
}

async function dial({
  port,
  host = '127.0.0.1',
  localAddress,
  tls,
  header,
}: RtmpClientOptions): Promise<Socket> {
  const raw = dialTcp({ host, port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
  // A reset is seen as the end.
  raw.on('error', () => raw.destroy());
  await once(raw, 'connect');
  if (header !== undefined) raw.write(header);
  if (tls === undefined) return raw;
  const socket = dialTls({ socket: raw, servername: tls.serverName, ca: tls.ca });
  socket.on('error', () => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}
