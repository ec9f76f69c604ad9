import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AgoraExchange } from './exchange.ts';

describe('a process that has lost its leadership', () => {
  it('may ask Agora, and has it do nothing', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.method ?? '');
      response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const exchange = new AgoraExchange({
      baseUrls: [baseUrl],
      appId: 'app',
      customerId: 'id',
      customerSecret: 'secret',
      logger: pino({ level: 'silent' }),
      mayWrite: () => false,
    });
    for (const method of ['POST', 'PATCH', 'DELETE'] as const) {
      const sent = exchange.send(baseUrl, { operation: 'create', method, path: '/' });
      await expect(sent).rejects.toThrow('not the leader');
    }
    await exchange.send(baseUrl, { operation: 'get', method: 'GET', path: '/' });
    expect(seen).toEqual(['GET']);
    server.closeAllConnections();
    server.close();
  });
});
