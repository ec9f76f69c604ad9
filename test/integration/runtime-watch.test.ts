import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
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

  it(
    'converges every time, misses nothing, and does not grow',
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
      const heaps: number[] = [];
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
          heaps.push(usedHeap());
        }
      } finally {
        stop.abort();
        await running;
        await agent.destroy();
      }
      expect(Object.keys(proxy.served).length).toBeGreaterThan(10);
      // The first round fills what every round needs.
      expect((heaps.at(-1) ?? 0) - (heaps[1] ?? 0)).toBeLessThan(8e6);
    },
    (SECONDS + 120) * 1000,
  );
});

/** Bytes that are still in use after everything else was collected. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
