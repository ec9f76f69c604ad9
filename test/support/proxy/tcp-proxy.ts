import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP proxy on loopback that can misbehave. What it does holds for all its connections, also the later ones. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Where new connections lead to. */
  aimAt: (port: number) => void;
  /** The address on this machine that new connections come from at the target: 127.0.0.1 unless told. */
  comeFrom: (address: string) => void;
  /** Resets every connection at once. */
  drop: () => void;
  /** Nothing moves in any direction, and nobody is told. */
  stall: () => void;
  /** The clients are gone, and the server is not told: as when a machine loses its power. */
  halfOpen: () => void;
  /** Everything passes again. */
  mend: () => void;
}

export interface TcpProxyOptions {
  /** How much later everything comes out than it went in, in ms, in each direction: half of a round trip. */
  readonly delayMs?: number;
  /** What the proxy sends to the target before everything else, for each connection. */
  readonly header?: Buffer;
}

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
}

export async function startTcpProxy(
  targetPort: number,
  { delayMs = 0, header }: TcpProxyOptions = {},
): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let port = targetPort;
  let localAddress = '127.0.0.1';
  let stalled = false;
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    const pair = { client, target };
    pairs.add(pair);
    if (header !== undefined) target.write(header);
    const later = (act: () => void): void => {
      if (delayMs === 0) act();
      else setTimeout(act, delayMs);
    };
    client.on('data', (bytes) => later(() => void target.write(bytes)));
    target.on('data', (bytes) => later(() => void client.write(bytes)));
    client.once('end', () => later(() => target.end()));
    target.once('end', () => later(() => client.end()));
    for (const socket of [client, target]) socket.on('error', () => socket.destroy());
    target.once('close', () => {
      later(() => client.destroy());
      pairs.delete(pair);
    });
    client.once('close', () => {
      // An abandoned one stays open towards the server until it is mended.
      if (!stalled) later(() => target.end());
    });
    if (stalled) pause(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const stall = (): void => {
    stalled = true;
    for (const pair of pairs) pause(pair);
  };
  const drop = (): void => {
    for (const { client, target } of pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    aimAt: (other) => {
      port = other;
    },
    comeFrom: (address) => {
      localAddress = address;
    },
    drop,
    stall,
    halfOpen: () => {
      stall();
      for (const { client } of pairs) client.resetAndDestroy();
    },
    mend: () => {
      stalled = false;
      for (const { client, target } of pairs) {
        if (client.destroyed) target.destroy();
        client.resume();
        target.resume();
      }
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      drop();
      await closed;
    },
  };
}

function pause({ client, target }: Pair): void {
  client.pause();
  target.pause();
}
