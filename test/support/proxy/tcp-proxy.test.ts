import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTcpProxy } from './tcp-proxy.ts';
import type { TcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
let client: Socket;
let served: Socket;

beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startTcpProxy((server.address() as AddressInfo).port);
  const connected = once(server, 'connection') as Promise<[Socket]>;
  client = connect(proxy.port, '127.0.0.1');
  [served] = await connected;
  for (const socket of [client, served]) socket.on('error', () => undefined);
});

afterEach(async () => {
  client.destroy();
  await proxy[Symbol.asyncDispose]();
  server.close();
});

async function echo(text: string): Promise<string> {
  client.write(text);
  const [bytes] = (await once(served, 'data')) as [Buffer];
  return bytes.toString();
}

/** Also after an error, at which `once` of node:events would give up. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

describe('a TCP proxy', () => {
  it('passes everything on', async () => {
    expect(await echo('hello')).toBe('hello');
  });

  it('drops both sides', async () => {
    const gone = [closeOf(client), closeOf(served)];
    proxy.drop();
    await Promise.all(gone);
  });

  it('holds everything back until it is mended', async () => {
    let heard = 0;
    served.on('data', () => {
      heard += 1;
    });
    proxy.stall();
    client.write('late');
    const other = connect(proxy.port, '127.0.0.1');
    await once(other, 'connect');
    other.destroy();
    expect(heard).toBe(0);
    proxy.mend();
    await once(served, 'data');
    expect(heard).toBe(1);
  });

  it('lets the client go without telling the server, until it is mended', async () => {
    const gone = closeOf(client);
    proxy.halfOpen();
    await gone;
    expect(served.destroyed || served.readableEnded).toBe(false);
    const ended = closeOf(served);
    served.resume();
    proxy.mend();
    await ended;
  });
});
