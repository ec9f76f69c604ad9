import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { Informer } from './informer.ts';
import { KubeClient } from './kube/client.ts';
import type { KubeObject } from './kube/objects.ts';
import { status, WatchServer } from './testing/watch-server.ts';

const THINGS = { group: '', version: 'v1', plural: 'things', namespaced: false };

describe('the informer', () => {
  let server: WatchServer;
  let informer: Informer<KubeObject>;
  let told: string[];
  let run: Promise<void>;
  const stop = { controller: new AbortController() };

  beforeEach(async () => {
    server = new WatchServer();
    const client = new KubeClient({ connection: await server.listen() });
    stop.controller = new AbortController();
    told = [];
    informer = new Informer<KubeObject>({
      client,
      resource: THINGS,
      clock: systemClock,
      random: () => 0,
      log: pino({ level: 'silent' }),
      backoff: { baseMs: 5, maxMs: 20 },
      inactivityMs: 1500,
      pageSize: 3,
    });
    informer.onChange(({ key, before, after, initial }) =>
      told.push(`${initial ? 'initial ' : ''}${before ? (after ? '~' : '-') : '+'}${key}`),
    );
  });

  afterEach(async () => {
    stop.controller.abort();
    await run;
    await server[Symbol.asyncDispose]();
  });

  const start = async () => {
    run = informer.run(stop.controller.signal);
    await informer.synced(stop.controller.signal);
  };
  const names = () =>
    [...informer.store.list()].map(({ metadata }) => `${metadata.name}/${metadata.uid}`).sort();
  const untilNames = async (...expected: string[]) =>
    await vi.waitFor(() => expect(names()).toEqual(expected), { timeout: 20_000, interval: 10 });
  const untilWatching = async () =>
    await vi.waitFor(() => expect(server.openWatches).toBe(1), { timeout: 20_000, interval: 10 });
  const lists = () => server.requests.filter((url) => !url.searchParams.has('watch')).length;
  const watches = () => server.requests.filter((url) => url.searchParams.has('watch')).length;

  it('lists in pages, tells each object as initial, and follows', async () => {
    for (const name of ['a', 'b', 'c', 'd']) server.put(name);
    await start();
    expect(told).toEqual(['initial +a', 'initial +b', 'initial +c', 'initial +d']);
    expect(lists()).toBe(2);
    await untilWatching();
    server.put('e');
    server.put('a');
    server.remove('b');
    await untilNames('a/a', 'c/c', 'd/d', 'e/e');
    expect(told.slice(4)).toEqual(['+e', '~a', '-b']);
    const watch = server.requests.at(-1)?.searchParams;
    expect(watch?.get('allowWatchBookmarks')).toBe('true');
    expect(Number(watch?.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
  });

  it('strips managed fields', async () => {
    server.put('a');
    await start();
    expect(informer.store.get('a')?.metadata).not.toHaveProperty('managedFields');
  });

  it('goes on where it was when the connection drops, without listing anew', async () => {
    await start();
    for (const name of ['a', 'b', 'c']) {
      await untilWatching();
      server.drop();
      server.put(name);
    }
    await untilNames('a/a', 'b/b', 'c/c');
    expect(lists()).toBe(1);
    expect(told).toEqual(['+a', '+b', '+c']);
  });

  it('goes on from a bookmark', async () => {
    await start();
    await untilWatching();
    server.bookmark();
    server.compact();
    server.put('a');
    await untilNames('a/a');
    await untilWatching();
    server.drop();
    await untilWatching();
    server.put('b');
    await untilNames('a/a', 'b/b');
    expect(lists()).toBe(1);
  });

  it('lists anew when its version has expired, and tells a pod made anew as gone and come', async () => {
    server.put('a', 'u1');
    server.put('b');
    await start();
    await untilWatching();
    server.silently(() => {
      server.put('a', 'u2');
      server.remove('b');
      server.put('c');
    });
    server.compact();
    server.put('d');
    server.compact();
    server.drop();
    await untilNames('a/u2', 'c/c', 'd/d');
    expect(told.slice(2).sort()).toEqual(['+a', '+c', '+d', '-a', '-b'].sort());
  });

  it('lists anew on an ERROR event, whatever its code', async () => {
    await start();
    await untilWatching();
    server.silently(() => server.put('missed'));
    server.send(
      `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 500, message: 'etcd' } })}\n`,
    );
    await untilNames('missed/missed');
    expect(lists()).toBe(2);
  });

  it('notices a connection that is silent', async () => {
    await start();
    await untilWatching();
    server.silently(() => server.put('missed'));
    await untilNames('missed/missed');
    expect(watches()).toBeGreaterThan(1);
  });

  it('survives refusals, garbage, half lines and closed doors, and converges', async () => {
    server.lists.push(status(500, 'InternalError'), status(429, 'TooManyRequests', 0), (response) =>
      response.destroy(),
    );
    server.lists.push((response) => response.end('<html>bad gateway</html>'), status(403, 'Forbidden'));
    server.watches.push(
      status(500, 'InternalError'),
      (response) => response.end('this is no JSON\n'),
      (response) => response.end('{"type":"ADDED","object":{"metadata":{"na'),
      (response) => response.destroy(),
      (response) => response.end(),
      status(429, 'TooManyRequests', 0),
      status(410, 'Expired'),
      (response) => response.writeHead(502).end('<html>bad gateway</html>'),
    );
    server.put('a');
    await start();
    await untilWatching();
    server.put('b');
    await untilNames('a/a', 'b/b');
    expect(server.watches).toEqual([]);
  });

  it('does not list in a loop when every watch is told 410', async () => {
    for (let i = 0; i < 4; i++) server.watches.push(status(410, 'Expired'));
    await start();
    await untilWatching();
    expect(lists()).toBe(5);
  });

  it('does not spin when every watch ends at once, also after a bookmark', async () => {
    const at: number[] = [];
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '100' } } };
    const brief = (): void => {
      server.watches.push((response) => {
        at.push(performance.now());
        brief();
        response.end(`${JSON.stringify(bookmark)}\n`);
      });
    };
    brief();
    await start();
    await vi.waitFor(() => expect(at.length).toBeGreaterThan(6), { timeout: 20_000 });
    // The waits double from 2.5 to 10 ms; a little less, as timers count in whole milliseconds.
    expect((at[6] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(2 + 5 + 4 * 10 - 7);
  });

  it('ends when it is told to, also in the middle of a wait', async () => {
    server.lists.push(...Array.from({ length: 1000 }, () => status(500, 'InternalError')));
    run = informer.run(stop.controller.signal);
    await vi.waitFor(() => expect(lists()).toBeGreaterThan(2), { timeout: 20_000 });
    stop.controller.abort();
    await run;
    await expect(informer.synced(stop.controller.signal)).rejects.toThrow('aborted');
  });

  it('does not take any JSON for an empty list', async () => {
    server.put('a');
    await start();
    await untilWatching();
    server.lists.push((response) => response.end('{"metadata":{},"items":[]}'));
    server.send(`${JSON.stringify({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })}\n`);
    await vi.waitFor(() => expect(lists()).toBe(3), { timeout: 20_000, interval: 10 });
    expect(told).toEqual(['initial +a']);
    expect(names()).toEqual(['a/a']);
  });

  it('takes nothing from events that are none, and goes on', async () => {
    server.put('a');
    await start();
    for (const line of [
      'null',
      '{"type":"ADDED"}',
      '{"type":"ADDED","object":{"metadata":{}}}',
      '{"type":"CHANGED","object":{"metadata":{"name":"x","uid":"x","resourceVersion":"1"}}}',
    ]) {
      await untilWatching();
      const before = watches();
      server.send(`${line}\n`);
      await vi.waitFor(() => expect(watches()).toBe(before + 1), { timeout: 20_000, interval: 10 });
    }
    await untilWatching();
    server.put('b');
    await untilNames('a/a', 'b/b');
    expect(told).toEqual(['initial +a', '+b']);
    expect(lists()).toBe(1);
  });
});
