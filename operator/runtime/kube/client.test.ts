import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError, isConflict, isGone, isNotFound } from './api-error.ts';
import { KubeClient } from './client.ts';

const PODS = { group: '', version: 'v1', plural: 'pods', namespaced: true };
const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespaced: true };
const ref = { namespace: 'ns', name: 'a' };

describe('the Kubernetes client', () => {
  let server: Server;
  let client: KubeClient;
  let answer: RequestListener;
  let agent: Agent;
  let mayWrite: boolean;
  /** What the connection waits for before it has credentials. */
  let plugin: Promise<unknown>;
  const seen: { request: string; type: string | undefined; body: string }[] = [];

  beforeEach(async () => {
    seen.length = 0;
    mayWrite = true;
    plugin = Promise.resolve();
    answer = (_request, response) => response.end('{"metadata":{}}');
    server = createServer((request, response) => {
      void note(request).then(() => answer(request, response));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    agent = new Agent();
    client = new KubeClient({
      connection: {
        server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        credentials: async () => {
          await plugin;
          return { headers: { Authorization: 'Bearer t' }, dispatcher: agent };
        },
        close: async () => await agent.destroy(),
      },
      mayWrite: () => mayWrite,
    });
  });
  afterEach(async () => {
    await agent.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const note = async (request: IncomingMessage) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    seen.push({ request: `${request.method} ${request.url}`, type: request.headers['content-type'], body });
  };
  const failure = async (call: Promise<unknown>): Promise<unknown> =>
    await call.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('keeps its connections, whatever it asks for', async () => {
    let closed = 0;
    server.on('connection', (socket) => socket.on('close', () => closed++));
    for (let round = 0; round < 2; round++) {
      await client.get(PODS, ref);
      await client.list(PODS);
      await client.create(PODS, { metadata: ref });
      await client.replace(PODS, { metadata: ref });
      await client.patch(PODS, ref, { type: 'merge', body: {} });
      await client.delete(PODS, ref, { uid: 'u' });
    }
    expect(closed).toBe(0);
  });

  it('goes to the right places in the right words', async () => {
    await client.get(PODS, ref);
    await client.list(LEASES, { namespace: 'ns', labelSelector: 'a=b', limit: 5 });
    await client.create(PODS, { metadata: { namespace: 'ns', name: 'a' } });
    await client.replace(LEASES, { metadata: { namespace: 'ns', name: 'a' } }, { subresource: 'status' });
    await client.patch(PODS, ref, { type: 'merge', body: {} });
    await client.patch(PODS, ref, { type: 'json', body: [] }, { subresource: 'status' });
    await client.patch(PODS, ref, { type: 'apply', body: {}, fieldManager: 'me' });
    await client.delete(PODS, ref, { uid: 'u', gracePeriodSeconds: 0 });
    expect(seen.map(({ request }) => request)).toEqual([
      'GET /api/v1/namespaces/ns/pods/a',
      'GET /apis/coordination.k8s.io/v1/namespaces/ns/leases?labelSelector=a%3Db&limit=5',
      'POST /api/v1/namespaces/ns/pods',
      'PUT /apis/coordination.k8s.io/v1/namespaces/ns/leases/a/status',
      'PATCH /api/v1/namespaces/ns/pods/a',
      'PATCH /api/v1/namespaces/ns/pods/a/status',
      'PATCH /api/v1/namespaces/ns/pods/a?fieldManager=me&force=true',
      'DELETE /api/v1/namespaces/ns/pods/a',
    ]);
    expect(seen.slice(4, 7).map(({ type }) => type)).toEqual([
      'application/merge-patch+json',
      'application/json-patch+json',
      'application/apply-patch+yaml',
    ]);
    expect(JSON.parse(seen[7]?.body ?? '')).toMatchObject({
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    });
  });

  it('throws what the Status object says, and nothing else of the answer', async () => {
    answer = (_request, response) => {
      const body = {
        kind: 'Status',
        reason: 'Conflict',
        message: 'the object has been modified',
        secret: 'body',
      };
      response.writeHead(409, { 'x-secret': 'header' }).end(JSON.stringify(body));
    };
    const error = await failure(client.get(PODS, ref));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, reason: 'Conflict', message: 'the object has been modified' });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(isConflict(error)).toBe(true);
  });

  it.each([
    [404, isNotFound],
    [410, isGone],
  ])('knows a %i, also from a proxy that speaks HTML', async (status, is) => {
    answer = (_request, response) => response.writeHead(status).end('<html>');
    expect(is(await failure(client.get(PODS, ref)))).toBe(true);
  });

  it('gives up when there is no answer in time', async () => {
    answer = () => undefined;
    expect(await failure(client.get(PODS, ref, { timeoutMs: 50 }))).toBeInstanceOf(Error);
  });

  it('gives up when its caller does', async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const call = failure(client.get(PODS, ref, { signal: stop.signal }));
    stop.abort(new Error('no longer wanted'));
    expect(await call).toMatchObject({ message: 'no longer wanted' });
  });

  it('gives up when the credentials don’t come, for calls and for watches', async () => {
    plugin = new Promise(() => undefined);
    expect(await failure(client.get(PODS, ref, { timeoutMs: 50 }))).toMatchObject({ name: 'TimeoutError' });
    const stop = new AbortController();
    const options = { resourceVersion: '1', timeoutSeconds: 300, signal: stop.signal };
    const silent = client.watch(PODS, { ...options, inactivityMs: 50 });
    expect(await failure(silent.next())).toMatchObject({ name: 'TimeoutError' });
    const unwanted = failure(client.watch(PODS, { ...options, inactivityMs: 60_000 }).next());
    stop.abort(new Error('no longer wanted'));
    expect(await unwanted).toMatchObject({ message: 'no longer wanted' });
    expect(seen).toEqual([]);
  });

  it('says how long the server wants to be left alone, by its header or its Status', async () => {
    const refuse = async (headers: Record<string, string>, body: string) => {
      answer = (_request, response) => response.writeHead(429, headers).end(body);
      return await failure(client.get(PODS, ref));
    };
    const plain = await refuse({ 'retry-after': '7' }, 'Too many requests, please try again later.\n');
    expect(plain).toMatchObject({ status: 429, retryAfterMs: 7000 });
    const details = { retryAfterSeconds: 2 };
    expect(await refuse({}, JSON.stringify({ kind: 'Status', details }))).toMatchObject({
      retryAfterMs: 2000,
    });
    expect(await refuse({}, 'no')).toMatchObject({ retryAfterMs: undefined });
  });

  it('does not write when it has become a follower while it waited for credentials', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    plugin = promise;
    const write = failure(client.create(PODS, { metadata: { namespace: 'ns' } }));
    mayWrite = false;
    resolve(undefined);
    expect(await write).toBeInstanceOf(Error);
    expect(seen).toEqual([]);
  });

  it('writes nothing when it must not, and still reads', async () => {
    mayWrite = false;
    expect(await failure(client.create(PODS, { metadata: { namespace: 'ns' } }))).toBeInstanceOf(Error);
    expect(await failure(client.delete(PODS, ref))).toBeInstanceOf(Error);
    await client.get(PODS, ref);
    expect(seen.map(({ request }) => request.split(' ')[0])).toEqual(['GET']);
  });
});
