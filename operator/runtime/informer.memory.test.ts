import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { Informer } from './informer.ts';
import { KubeClient } from './kube/client.ts';
import type { KubeObject } from './kube/objects.ts';
import { usedHeap } from './testing/used-heap.ts';
import { status, WatchServer } from './testing/watch-server.ts';

const THINGS = { group: '', version: 'v1', plural: 'things', namespaced: false };
/** Watches after which everything that is made once has been made. */
const WARM = 600;
const WATCHES = 3000;

describe('the memory of an informer', () => {
  it('does not grow with the watches that it has had, however they ended', async () => {
    await using server = new WatchServer();
    const client = new KubeClient({ connection: await server.listen() });
    const informer = new Informer<KubeObject>({
      client,
      resource: THINGS,
      clock: systemClock,
      random: () => 0,
      log: pino({ level: 'silent' }),
      backoff: { baseMs: 0, maxMs: 0 },
    });
    let watches = 0;
    let version = 1000;
    const event = (type: string): string => {
      const metadata = { name: 'a', uid: 'a', resourceVersion: String(++version) };
      return `${JSON.stringify({ type, object: { metadata } })}\n`;
    };
    const expired = JSON.stringify({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired' },
    });
    const endings: ((response: ServerResponse) => unknown)[] = [
      (response) => response.end(event('MODIFIED')),
      (response) => response.end(event('BOOKMARK')),
      (response) => response.write(event('MODIFIED'), () => response.destroy()),
      (response) => response.end('{"type":"ADDED","object":{"metadata":{"na'),
      (response) => response.end(`${event('MODIFIED')}${expired}\n`),
      status(500, 'InternalError'),
      status(429, 'TooManyRequests', 0),
    ];
    /** Told when so many watches have begun; the last one is left open. */
    let pause = { at: WARM, reached: Promise.withResolvers<ServerResponse>() };
    const answer = (response: ServerResponse): void => {
      server.watches.push(answer);
      server.requests.length = 0;
      if (++watches === pause.at) pause.reached.resolve(response);
      else endings[watches % endings.length]?.(response);
    };
    server.watches.push(answer);
    server.put('a');
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    const look = async () => {
      const heap = await usedHeap();
      return { heap, listeners: getEventListeners(stop.signal, 'abort').length };
    };
    let open = await pause.reached.promise;
    const before = await look();
    pause = { at: WARM + WATCHES, reached: Promise.withResolvers<ServerResponse>() };
    open.end();
    open = await pause.reached.promise;
    const after = await look();
    stop.abort();
    open.destroy();
    await running;
    expect(after.listeners).toBe(before.listeners);
    expect((after.heap - before.heap) / WATCHES, 'bytes for each watch').toBeLessThan(400);
  }, 120_000);
});
