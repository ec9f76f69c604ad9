import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild, whileAlive } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { ApiWorld, call, serviceToken, tokenOf } from './api-world.ts';

let world: ApiWorld;

beforeAll(async () => {
  world = await ApiWorld.start();
}, 120_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** A start of which the end of the body is still to come. */
async function halfSent(
  port: number,
  meetingId: string,
  token: string,
): Promise<{ socket: Socket; body: string }> {
  const body = JSON.stringify({ format: 'mp4' });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const head = [
    `POST /api/v1/meetings/${meetingId}/recording/start HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    '',
    body.slice(0, 5),
  ];
  socket.write(head.join('\r\n'));
  return { socket, body };
}

describe('the API on SIGTERM', () => {
  it('says so, still answers what comes, finishes what is under way, and ends with 0', async () => {
    const [port, token] = [await freePort(), await tokenOf('host-1')];
    const origin = `http://127.0.0.1:${port}`;
    const env = {
      ...world.environment(world.databaseUri()),
      HTTP_PORT: String(port),
      SHUTDOWN_DELAY: '2',
      LOG_LEVEL: 'info',
    };
    await using api = await startChild({
      name: 'the API',
      command: process.execPath,
      args: ['operator/bin/api.ts'],
      env,
    });
    await whileAlive(api, 'the API', (signal) =>
      waitFor(async () => (await fetch(`${origin}/readyz`)).ok, {
        what: 'the API to be ready',
        timeoutMs: 60_000,
        signal,
      }),
    );
    const register = await call('PUT', `${origin}/api/v1/meetings/last`, {
      token: await serviceToken(),
      body: { host: 'host-1', channel: 'c' },
    });
    expect(register.status).toBe(201);
    expect(register.headers.get('connection')).not.toBe('close');
    const { socket, body } = await halfSent(port, 'last', token);
    await waitFor(
      async () => (await (await fetch(`${origin}/metrics`)).text()).includes('http_requests_in_flight 2'),
      { what: 'the start to have arrived' },
    );

    process.kill(api.pid, 'SIGTERM');
    const ready = await waitFor(
      async () => {
        const reply = await call('GET', `${origin}/readyz`);
        return reply.status === 503 && reply;
      },
      { what: 'the API to say that it ends' },
    );
    expect(ready.body).toMatchObject({ stopping: 'this process is stopping', database: 'ok' });
    expect(ready.headers.get('connection')).toBe('close');
    // Balancers have not heard of it yet.
    const status = await call('GET', `${origin}/api/v1/meetings/last/recording/status`, {
      token,
    });
    expect([status.status, status.headers.get('connection')]).toEqual([200, 'close']);
    await waitFor(
      async () =>
        fetch(`${origin}/healthz`).then(
          () => false,
          () => true,
        ),
      { what: 'the API to take nothing new' },
    );
    socket.write(body.slice(5));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(await api.exited).toBe(0);
    expect(await world.objectsOf('last')).toHaveLength(1);
    expect(api.output()).toContain('recording started');
    expect(api.output()).not.toContain(token);
  });
});
