import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HttpRecorderClient } from './recorder-client.ts';

/** What asking a recorder for its status comes to. */
async function answered(recorder: RequestListener): Promise<unknown> {
  const server = createServer(recorder).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new HttpRecorderClient();
  try {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const signal = new AbortController().signal;
    return await client.status({ baseUrl, after: 7, waitSeconds: 15, signal });
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
}

describe('asking a recorder', () => {
  it('gets what it says as it is, and says what is known', async () => {
    const body = await answered(({ url }, response) => response.end(JSON.stringify({ url })));
    expect(body).toEqual({ url: '/status?wait=15&after=7' });
  });

  it('gives up one whose answer has no end', async () => {
    function* endless(): Generator<string> {
      for (;;) yield ' '.repeat(1_000_000);
    }
    const asked = answered((_, response) => void Readable.from(endless()).pipe(response));
    await expect(asked).rejects.toThrow(/size/i);
  });

  it('takes an error for no answer', async () => {
    await expect(answered((_, response) => response.writeHead(503).end('{}'))).rejects.toThrow('503');
  });
});
