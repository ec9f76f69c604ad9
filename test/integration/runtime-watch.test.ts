import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../operator/runtime/clock.ts';
import { Informer } from '../../operator/runtime/informer.ts';
import { isNotFound } from '../../operator/runtime/kube/api-error.ts';
import { KubeClient } from '../../operator/runtime/kube/client.ts';
import { KubeConfigConnection } from '../../operator/runtime/kube/connection.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../operator/runtime/kube/resource.ts';
import { seededRandom } from '../../operator/runtime/testing/random.ts';
import { startKubeApi } from '../support/kube-api.ts';
import type { KubeApi } from '../support/kube-api.ts';
import { waitFor } from '../support/wait-for.ts';
import { FaultyProxy } from './runtime-support/faulty-proxy.ts';

const CONFIG_MAPS: Resource<KubeObject> = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  namespaced: true,
};
const SELECTION = { namespace: 'default', labelSelector: 'test=watch' };
/** How long the world is bad, in seconds; an hour finds more than a moment. */
const SECONDS = Number(process.env['WATCH_FAULTS_SECONDS'] ?? 12);
const SEED = Number(process.env['WATCH_FAULTS_SEED'] ?? 1);
const NAMES = 40;

describe('the cache behind a proxy that drops, stalls and lies', () => {
  let api: KubeApi;
  let direct: KubeClient;
  let connection: KubeConfigConnection;

  beforeAll(async () => {
    api = await startKubeApi();
    const config = new KubeConfig();
    config.loadFromFile(api.kubeconfig);
    connection = new KubeConfigConnection(config);
    direct = new KubeClient({ connection });
  }, 180_000);
  afterAll(async () => {
    await connection?.close();
    await api?.stop();
  });

  const put = async (name: string, value: string): Promise<void> => {
    const ref = { namespace: 'default', name };
    const body = { data: { value } };
    try {
      await direct.patch(CONFIG_MAPS, ref, { type: 'merge', body });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const metadata = { ...ref, labels: { test: 'watch' } };
      await direct.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...body });
    }
  };
  const remove = async (name: string): Promise<void> => {
    await direct.delete(CONFIG_MAPS, { namespace: 'default', name }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  };
  const identity = ({ metadata }: KubeObject): string =>
    `${metadata.name}/${metadata.uid}/${metadata.resourceVersion}`;
  const truth = async (): Promise<string[]> =>
    (await direct.list(CONFIG_MAPS, SELECTION)).items.map(identity).sort();

  it('watches over a connection of its own, of which the kernel looks whether its other end is there', async () => {
    const sockets: Socket[] = [];
    const note = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
    subscribe('undici:client:connected', note);
    const config = new KubeConfig();
    config.loadFromFile(api.kubeconfig);
    const connection = new KubeConfigConnection(config);
    const stop = new AbortController();
    try {
      const client = new KubeClient({ connection });
      const { resourceVersion = '' } = (await client.list(CONFIG_MAPS, SELECTION)).metadata;
      const watch = { ...SELECTION, resourceVersion, timeoutSeconds: 300, inactivityMs: 60_000 };
      const next = async () => await client.watch(CONFIG_MAPS, { ...watch, signal: stop.signal }).next();
      const ends = Promise.allSettled([next(), next()]);
      await waitFor(() => sockets.length >= 2, { what: 'a connection for each' });
      for (const socket of sockets) {
        expect(socket).toMatchObject({ alpnProtocol: 'http/1.1' });
        await waitFor(async () => (await keepAliveSeconds(socket)) !== undefined, { what: 'the probes' });
        expect(await keepAliveSeconds(socket)).toBeLessThanOrEqual(3);
      }
      stop.abort();
      await ends;
    } finally {
      unsubscribe('undici:client:connected', note);
      stop.abort();
      await connection.close();
    }
  });

  it(
    'converges every time, misses nothing, and waits when it is asked to',
    async () => {
      const random = seededRandom(SEED);
      await using proxy = new FaultyProxy({ api, random });
      const server = await proxy.listen();
      const agent = new Agent();
      const client = new KubeClient({
        connection: {
          server,
          credentials: async () =>
            await Promise.resolve({ headers: { authorization: `Bearer ${api.token}` }, dispatcher: agent }),
          close: async () => await agent.destroy(),
        },
      });
      const informer = new Informer<KubeObject>({
        client,
        resource: CONFIG_MAPS,
        selection: SELECTION,
        clock: systemClock,
        random,
        log: pino({ level: 'silent' }),
        inactivityMs: 700,
        listTimeoutMs: 700,
        pageSize: 7,
        backoff: { baseMs: 20, maxMs: 200 },
      });
      // What a listener knows who has heard everything and nothing else.
      const told = new Map<string, KubeObject>();
      const contradictions: string[] = [];
      informer.onChange(({ key, before, after }) => {
        if (told.get(key) !== before) contradictions.push(key);
        if (after) told.set(key, after);
        else told.delete(key);
      });
      const stop = new AbortController();
      const running = informer.run(stop.signal);
      let rounds = 0;
      try {
        for (
          const end = performance.now() + SECONDS * 1000;
          performance.now() < end || rounds < 2;
          rounds++
        ) {
          proxy.faulty = true;
          for (let i = 0; i < 60; i++) {
            const name = `thing-${Math.floor(random() * NAMES)}`;
            const dice = random();
            if (dice < 0.65) await put(name, String(i));
            else await remove(name);
            if (dice > 0.9) await put(name, 'made anew');
            await sleep(random() * 20);
          }
          proxy.faulty = false;
          const expected = await truth();
          await waitFor(() => String([...informer.store.list()].map(identity).sort()) === String(expected), {
            what: `the cache to be like the list, in round ${rounds} with seed ${SEED}`,
            timeoutMs: 60_000,
          });
          expect([...told.values()].map(identity).sort()).toEqual(expected);
          expect(contradictions).toEqual([]);
          expect(proxy.openWatches).toBeLessThanOrEqual(1);
          // One for the watch that is open, and one for whoever waits meanwhile.
          expect(getEventListeners(stop.signal, 'abort').length).toBeLessThanOrEqual(2);
        }
      } finally {
        stop.abort();
        await running;
        await agent.destroy();
      }
      expect(Object.keys(proxy.served).length).toBeGreaterThan(10);
      expect(proxy.served['list 429']).toBeGreaterThan(1);
      expect(proxy.impatient).toEqual([]);
    },
    (SECONDS + 120) * 1000,
  );
});

/**
 * Seconds until the kernel's next probe on a connection, by proc(5); undefined: it has no timer.
 * Both ends are compared: another program's connection to another server may have the same port on this side.
 */
async function keepAliveSeconds({ localPort = 0, remotePort = 0 }: Socket): Promise<number | undefined> {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n')) {
    const [, local = '', remote = '', , , timer = ''] = line.trim().split(/\s+/);
    if (!local.endsWith(hex(localPort)) || !remote.endsWith(hex(remotePort))) continue;
    const [kind, when = ''] = timer.split(':');
    if (kind === '02') return Number.parseInt(when, 16) / 100;
  }
  return undefined;
}
