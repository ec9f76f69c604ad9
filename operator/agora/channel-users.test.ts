import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgoraError } from './agora-error.ts';
import { AgoraChannelUsers } from './channel-users.ts';

let server: Server;
let seen: IncomingMessage[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function users(requestTimeoutMs = 10_000): AgoraChannelUsers {
  return new AgoraChannelUsers({
    baseUrls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    appId: 'app',
    customerId: 'id',
    customerSecret: 'a-secret',
    logger: pino({ level: 'silent' }),
    requestTimeoutMs,
    retryWaitsSeconds: [],
  });
}

function says(body: unknown, status = 200, headers: Record<string, string> = {}): void {
  answer = (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

async function failure(client = users()): Promise<AgoraError> {
  const outcome: unknown = await client.list('standup').then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (outcome instanceof AgoraError) return outcome;
  throw new Error(`expected an AgoraError, got ${String(outcome)}`);
}

describe('the users of a channel', () => {
  it('are asked for by the channel’s name, with our credentials', async () => {
    says({ success: true, data: { channel_exist: false } });
    expect(await users().list('a/b ü')).toEqual([]);
    expect(seen[0]?.method).toBe('GET');
    expect(seen[0]?.url).toBe('/dev/v1/channel/user/app/a%2Fb%20%C3%BC');
    const basic = Buffer.from('id:a-secret').toString('base64');
    expect(seen[0]?.headers.authorization).toBe(`Basic ${basic}`);
  });

  it('send or watch, where the channel is a broadcast', async () => {
    const data = { channel_exist: true, mode: 2, broadcasters: [7], audience: [9, 11], audience_total: 2 };
    says({ success: true, data });
    expect(await users().list('standup')).toEqual([
      { uid: '7', sends: true },
      { uid: '9', sends: false },
      { uid: '11', sends: false },
    ]);
  });

  it('all send, where it is a conversation', async () => {
    says({ success: true, data: { channel_exist: true, mode: 1, total: 2, users: [4_294_967_295, 3] } });
    expect(await users().list('standup')).toEqual([
      { uid: '4294967295', sends: true },
      { uid: '3', sends: true },
    ]);
  });

  it.each([
    ['<html>it works</html>'],
    [{ success: false }],
    [{ success: true, data: {} }],
    [{ success: true, data: { channel_exist: true } }],
    [{ success: true, data: { channel_exist: true, mode: 2 } }],
    [{ success: true, data: { channel_exist: true, mode: 1, broadcasters: [] } }],
  ])('are not taken for nobody when the answer is %j', async (body) => {
    says(body);
    expect((await failure()).code).toBe('AgoraBadResponse');
  });

  it.each([
    [401, 'AgoraUnauthorized'],
    [403, 'AgoraUnauthorized'],
    [500, 'AgoraUnavailable'],
    [503, 'AgoraUnavailable'],
  ])('are not known after %d', async (status, code) => {
    says({ message: 'no a-secret' }, status);
    const error = await failure();
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('a-secret');
  });

  it('are asked for later when Agora wants fewer requests', async () => {
    says({ message: 'slow down' }, 429, { 'Retry-After': '7' });
    expect(await failure()).toMatchObject({ code: 'AgoraRateLimited', retryAfterSeconds: 7 });
    says({ message: 'come back tomorrow' }, 429, { 'Retry-After': '86400' });
    expect(await failure()).toMatchObject({ retryAfterSeconds: 300 });
  });

  it('are not waited for without end', async () => {
    answer = () => undefined;
    expect((await failure(users(50))).code).toBe('AgoraUnavailable');
  });
});
