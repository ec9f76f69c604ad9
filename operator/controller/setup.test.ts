import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { EventRecorder } from '../runtime/event-recorder.ts';
import { KubeClient } from '../runtime/kube/client.ts';
import type { WatchOptions } from '../runtime/kube/client.ts';
import type { Resource } from '../runtime/kube/resource.ts';
import { RuntimeMetrics } from '../runtime/metrics.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { MEETING_RECORDINGS } from './kube-objects.ts';
import { setupController } from './setup.ts';
import { config, recordingOf } from './testing/build.ts';

/** A controller whose caches are full, and whose API server answers nothing else. */
function setup() {
  const clock = new FakeClock();
  const log = pino({ level: 'silent' });
  const registry = new Registry();
  /** When something was asked of the API server, in milliseconds. */
  const asked: number[] = [];
  const connection = {
    server: '',
    credentials: async () => {
      asked.push(clock.now());
      return await Promise.reject(new Error('connect ECONNREFUSED'));
    },
    close: async () => await Promise.resolve(),
  };
  const kube = Object.assign(new KubeClient({ connection }), {
    listPages: async function* (resource: Resource<never>) {
      const items = resource === MEETING_RECORDINGS ? [recordingOf()] : [];
      yield await Promise.resolve({ metadata: { resourceVersion: '1' }, items });
    },
    // oxlint-disable-next-line eslint/require-yield
    watch: async function* (_resource: unknown, { signal }: WatchOptions) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  }) as KubeClient;
  const manager = setupController({
    config,
    kube,
    push: undefined,
    recorderClient: { status: async () => await Promise.reject(new Error('there is no recorder')) },
    events: new EventRecorder({ client: kube, clock, random: () => 0, log, controller: 'c', instance: 'i' }),
    election: undefined,
    runtimeMetrics: new RuntimeMetrics(registry),
    registry,
    clock,
    random: () => 0,
    log,
  });
  return { clock, manager, asked };
}

describe('the controller of recordings', () => {
  it('acts within 10 s of the API server being back, however long it was away', async () => {
    const { clock, manager, asked } = setup();
    const stop = new AbortController();
    const running = manager.run({ signal: stop.signal });
    await clock.advance(10 * 60_000);
    const waits = asked.slice(1).map((ms, index) => ms - (asked[index] ?? 0));
    expect(clock.now() - (asked.at(-1) ?? 0)).toBeLessThan(10_000);
    expect(Math.max(...waits)).toBeLessThan(10_000);
    // It is no storm either.
    expect(asked.length).toBeLessThan(200);
    stop.abort();
    await running;
  });
});
