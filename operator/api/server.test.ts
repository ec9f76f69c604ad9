import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ApiServer } from './server.ts';

async function busyServer() {
  const arrived = Promise.withResolvers<ServerResponse>();
  const server = new ApiServer((_request, response) => arrived.resolve(response));
  const port = await server.listen(0);
  const reply = fetch(`http://127.0.0.1:${port}`);
  reply.catch(() => undefined);
  return { server, port, reply, response: await arrived.promise };
}

/** What is answered to these bytes, to the end of the connection. */
async function answerTo(port: number, sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => socket.destroy());
  socket.write(sent);
  await once(socket, 'close');
  return answer;
}

describe('a server', () => {
  it('waits neither for headers nor for bodies without end, and takes no headers without end', async () => {
    const limits = { headersMs: 50, requestMs: 100, checkMs: 20 };
    const server = new ApiServer((request, response) => {
      request.resume().once('end', () => response.end('done'));
      request.once('error', () => response.destroy());
    }, limits);
    const port = await server.listen(0);
    expect(await answerTo(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')).toMatch(/^HTTP\/1.1 408 /);
    const slowBody = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow';
    expect(await answerTo(port, slowBody)).toMatch(/^HTTP\/1.1 408 /);
    const large = `GET / HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await answerTo(port, large)).toMatch(/^HTTP\/1.1 431 /);
    await server.close(1000);
  });
});

describe('a server that closes', () => {
  it('finishes what is under way and takes nothing new', async () => {
    const { server, port, reply, response } = await busyServer();
    const closed = server.close(60_000);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow('fetch failed');
    response.end('done');
    expect(await (await reply).text()).toBe('done');
    await closed;
  });

  it('does not wait longer than it is told', async () => {
    const { server, reply, response } = await busyServer();
    const gone = once(response, 'close');
    await server.close(10);
    await expect(reply).rejects.toThrow('fetch failed');
    await gone;
  });
});
