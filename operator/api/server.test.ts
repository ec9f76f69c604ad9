import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
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
