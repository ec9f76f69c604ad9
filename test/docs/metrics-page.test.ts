import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { requestMetrics } from '../../operator/api/request-metrics.ts';
import { createMediaPush } from '../../operator/controller/create-media-push.ts';
import { RecordingMetrics } from '../../operator/controller/metrics.ts';
import { RuntimeMetrics, lostEventsCounter } from '../../operator/runtime/metrics.ts';
import { RecorderMetrics } from '../../recorder-image/metrics.ts';
import { firstColumn } from './tables.ts';

const namesIn = (exposition: string): string[] =>
  [...exposition.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '').toSorted();

describe('docs/reference/metrics.md', async () => {
  const page = await readFile(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8');

  it('lists what the controller tells of recordings, and nothing else', async () => {
    const registry = new Registry();
    void new RecordingMetrics(registry, { recordings: () => [], queueLength: () => 0 });
    lostEventsCounter(registry);
    const agora = { appId: 'a', customerId: 'b', customerSecret: 'c', baseUrl: undefined };
    createMediaPush(agora, { log: pino({ level: 'silent' }), registry });
    expect(firstColumn(page, 'Controller').toSorted()).toEqual(namesIn(await registry.metrics()));
  });

  it("names the runtime's metrics", async () => {
    const registry = new Registry();
    void new RuntimeMetrics(registry);
    const named = new Set(
      [...page.matchAll(/`((?:controller_runtime|workqueue|leader_election)_\w+)`/g)].map((m) => m[1]),
    );
    const there = new Set(namesIn(await registry.metrics()));
    expect([...named].filter((name) => !there.has(name ?? ''))).toEqual([]);
    expect(named.size).toBeGreaterThan(5);
  });

  it('lists what the recorder tells, and nothing else', async () => {
    expect(firstColumn(page, 'Recorder').toSorted()).toEqual(namesIn(await new RecorderMetrics().text()));
  });

  it('lists what the API tells, and nothing else', async () => {
    const registry = new Registry();
    requestMetrics(registry);
    expect(firstColumn(page, 'API').toSorted()).toEqual(namesIn(await registry.metrics()));
  });
});
