import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingTokens } from '../../operator/api/recording-tokens.ts';
import { expectProblem } from './api-problem.ts';
import { ApiWorld, call, JWT_SECRET, RECORDING_TOKEN_SECRET, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

let world: ApiWorld;
let api: RunningApi;
let databaseUri: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  databaseUri = world.databaseUri();
  api = await world.startApi(world.environment(databaseUri));
  for (const meetingId of ['m-1', 'm-2']) {
    const body = { host: 'host-1', creator: 'creator-1', participants: ['guest-1'], channel: meetingId };
    await call('PUT', `${api.base}/meetings/${meetingId}`, { token: await serviceToken(), body });
  }
}, 120_000);

afterAll(async () => {
  await api.stop();
  await world[Symbol.asyncDispose]();
});

const ROUTES = {
  start: ['POST', 'recording/start'],
  stop: ['POST', 'recording/stop'],
  status: ['GET', 'recording/status'],
  download: ['GET', 'recording/download'],
} as const;
type Action = keyof typeof ROUTES;

const issue = async (userId: string, body: Record<string, unknown>, scope?: string): Promise<Reply> =>
  call('POST', `${api.base}/meetings/m-1/recording/tokens`, {
    token: await tokenOf(userId, scope === undefined ? {} : { scope }),
    body,
  });
const use = (token: string, action: Action, meetingId = 'm-1'): Promise<Reply> => {
  const [method, path] = ROUTES[action];
  return call(method, `${api.base}/meetings/${meetingId}/${path}`, { token });
};

describe('a recording token', () => {
  it('does its one thing, on its one meeting, and nothing else', async () => {
    const actions = Object.keys(ROUTES) as Action[];
    for (const action of actions) {
      const issued = await issue('host-1', { action });
      expect(issued.status).toBe(201);
      expect(issued.headers.get('cache-control')).toBe('no-store');
      const token = String(issued.body['token']);
      for (const other of actions.filter((each) => each !== action)) {
        expectProblem(await use(token, other), 403, 'token-scope');
      }
      expectProblem(await use(token, action, 'm-2'), 403, 'token-scope');
      expectProblem(
        await call('POST', `${api.base}/meetings/m-1/recording/tokens`, { token, body: { action } }),
        403,
        'token-scope',
      );
      expectProblem(
        await call('PUT', `${api.base}/meetings/m-1`, { token, body: { host: 'mallory', channel: 'c' } }),
        403,
        'token-scope',
      );
      expectProblem(await call('GET', `${api.base}/meetings/m-1/recordings`, { token }), 403, 'token-scope');
    }
    const tokens = await Promise.all(
      actions.map(async (action) => String((await issue('host-1', { action })).body['token'])),
    );
    const statuses: number[] = [];
    for (const [index, action] of actions.entries())
      statuses.push((await use(tokens[index] ?? '', action)).status);
    // Started, stopped, told of; there is no file yet.
    expect(statuses).toEqual([202, 202, 200, 409]);
  });

  it('is given to those who may do the same without it', async () => {
    for (const action of ['start', 'stop', 'download']) {
      expectProblem(await issue('guest-1', { action }), 403, 'not-host');
    }
    expect((await issue('guest-1', { action: 'status' })).status).toBe(201);
    expectProblem(await issue('stranger', { action: 'status' }), 403, 'not-participant');
    expect((await issue('creator-1', { action: 'start' })).status).toBe(201);
    expectProblem(await issue('host-1', { action: 'status', userId: 'guest-1' }), 403, 'scope-missing');
    const scope = 'meetings:write';
    expect((await issue('backend', { action: 'start' }, scope)).body).toMatchObject({ userId: 'host-1' });
    const guest = await issue('backend', { action: 'status', userId: 'guest-1' }, scope);
    expect(guest.body).toMatchObject({ userId: 'guest-1', action: 'status', meetingId: 'm-1' });
    expectProblem(await issue('backend', { action: 'stop', userId: 'guest-1' }, scope), 403, 'not-host');
  });

  it('lasts as long as it is told, within bounds', async () => {
    const before = Date.now();
    const issued = await issue('host-1', { action: 'status', expiresIn: 60 });
    const lifetime = new Date(String(issued.body['expiresAt'])).getTime() - before;
    expect(lifetime).toBeGreaterThan(58_000);
    expect(lifetime).toBeLessThan(120_000);
    for (const expiresIn of [9, 3601, 1.5, '60']) {
      expectProblem(await issue('host-1', { action: 'status', expiresIn }), 422, 'invalid-request');
    }
    expectProblem(await issue('host-1', { action: 'delete' }), 422, 'invalid-request');
  });

  it('is refused once it has expired, without any tolerance, and when it is signed by somebody else', async () => {
    const grant = { userId: 'host-1', meetingId: 'm-1', action: 'status' } as const;
    const at = (secret: string, now: Date): RecordingTokens =>
      new RecordingTokens({ secret, now: () => now, newId: () => 'id' });
    const expired = await at(RECORDING_TOKEN_SECRET, new Date(Date.now() - 61_000)).issue(grant, 60);
    expectProblem(await use(expired.token, 'status'), 401, 'token-expired');
    for (const secret of [JWT_SECRET, 'some-other-secret-of-32-bytes-or-more']) {
      const forged = await at(secret, new Date()).issue(grant, 60);
      expectProblem(await use(forged.token, 'status'), 401, 'token-invalid');
    }
  });

  it('is worth nothing any more once its user is not host', async () => {
    const body = { host: 'host-1', channel: 'm-3' };
    const register = async (host: string): Promise<Reply> =>
      call('PUT', `${api.base}/meetings/m-3`, { token: await serviceToken(), body: { ...body, host } });
    await register('host-1');
    const issued = await call('POST', `${api.base}/meetings/m-3/recording/tokens`, {
      token: await tokenOf('host-1'),
      body: { action: 'start' },
    });
    await register('host-2');
    expectProblem(await use(String(issued.body['token']), 'start', 'm-3'), 403, 'not-host');
  });

  it('is neither issued nor taken where the API has no secret for it', async () => {
    const issued = await issue('host-1', { action: 'status' });
    await using other = await world.startApi({
      ...world.environment(databaseUri),
      RECORDING_TOKEN_SECRET: '',
    });
    const reply = await call('POST', `${other.base}/meetings/m-1/recording/tokens`, {
      token: await tokenOf('host-1'),
      body: { action: 'status' },
    });
    expectProblem(reply, 501, 'recording-tokens-off');
    const used = await call('GET', `${other.base}/meetings/m-1/recording/status`, {
      token: String(issued.body['token']),
    });
    expectProblem(used, 401, 'token-invalid');
  });
});

describe('rate limits', () => {
  it('hold for each user and for each address, and backends are not users', async () => {
    await using limited = await world.startApi({
      ...world.environment(databaseUri),
      RATE_LIMIT_USER: '0.001',
      RATE_LIMIT_ADDRESS: '0.1',
      RATE_LIMIT_BURST: '1000',
      TRUST_PROXY_HOPS: '1',
    });
    const status = (token: string, address: string): Promise<Reply> =>
      call('GET', `${limited.base}/meetings/m-1/recording/status`, {
        token,
        headers: { 'X-Forwarded-For': address },
      });
    const [host, guest] = [await tokenOf('host-1'), await tokenOf('guest-1')];
    const first = await status(host, '203.0.113.1');
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"user";q=1;w=1000');
    expect(first.headers.get('ratelimit')).toBe('"user";r=0;t=1000');
    const second = await status(host, '203.0.113.2');
    expectProblem(second, 429, 'rate-limited');
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(900);
    expect((await status(guest, '203.0.113.2')).status).toBe(200);

    const service = await serviceToken();
    const register = (): Promise<Reply> =>
      call('PUT', `${limited.base}/meetings/limited`, {
        token: service,
        body: { host: 'host-1', channel: 'c' },
        headers: { 'X-Forwarded-For': '203.0.113.3' },
      });
    const statuses: number[] = [];
    for (let index = 0; index < 110; index += 1) statuses.push((await register()).status);
    // A burst of 100 for the address, although the user would have had one.
    expect(statuses.slice(0, 100).every((each) => each < 300)).toBe(true);
    expect(statuses.at(-1)).toBe(429);
  });
});
