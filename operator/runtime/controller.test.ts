import { pino } from 'pino';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { Controller, TerminalError } from './controller.ts';
import type { Reconcile } from './controller.ts';
import { ApiError } from './kube/api-error.ts';
import { RuntimeMetrics } from './metrics.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

describe('the controller', () => {
  let clock: FakeClock;
  let queue: WorkQueue;
  let registry: Registry;
  let stop: AbortController;
  let abort: AbortController;

  beforeEach(() => {
    clock = new FakeClock();
    registry = new Registry();
    stop = new AbortController();
    abort = new AbortController();
  });

  const start = (reconcile: Reconcile, workers = 2) => {
    const metrics = new RuntimeMetrics(registry);
    queue = new WorkQueue({ clock, metrics: metrics.forQueue('thing') });
    const controller = new Controller({
      name: 'thing',
      reconcile,
      queue,
      workers,
      clock,
      log: pino({ level: 'silent' }),
      metrics: metrics.forController('thing', workers),
    });
    return controller.run(stop.signal, abort.signal);
  };
  const value = async (name: string, labels: Record<string, string> = {}) => {
    const metric = await registry.getSingleMetric(name)?.get();
    const wanted = Object.entries(labels);
    return metric?.values.find(({ labels }) => wanted.every(([key, value]) => labels[key] === value))?.value;
  };
  const end = async (running: Promise<void>) => {
    stop.abort();
    await running;
  };

  it('has all of its metrics from the start, at zero', async () => {
    const running = start(async () => undefined);
    for (const result of ['success', 'error', 'requeue', 'requeue_after', 'terminal_error'])
      expect(await value('controller_runtime_reconcile_total', { result, controller: 'thing' })).toBe(0);
    for (const name of [
      'controller_runtime_reconcile_errors_total',
      'controller_runtime_reconcile_time_seconds',
      'controller_runtime_active_workers',
      'workqueue_depth',
      'workqueue_adds_total',
      'workqueue_retries_total',
      'workqueue_queue_duration_seconds',
      'workqueue_work_duration_seconds',
    ])
      expect(await value(name), name).toBe(0);
    await end(running);
  });

  it('comes back when the reconciler asks for it', async () => {
    let calls = 0;
    const running = start(async () => (++calls < 3 ? { requeueAfterMs: 1000 } : undefined));
    queue.add('a');
    await clock.advance(999);
    expect(calls).toBe(1);
    await clock.advance(5000);
    expect(calls).toBe(3);
    expect(await value('controller_runtime_reconcile_total', { result: 'requeue_after' })).toBe(2);
    expect(await value('controller_runtime_reconcile_total', { result: 'success' })).toBe(1);
    await end(running);
  });

  it('tries a failure again, later and later, and forgets it once it has worked', async () => {
    const at: number[] = [];
    const running = start(async () => {
      at.push(clock.now());
      if (at.length < 5) throw new Error('not yet');
    });
    const began = clock.now();
    queue.add('a');
    await clock.advance(10_000);
    expect(at.map((ms) => ms - began)).toEqual([0, 5, 15, 35, 75]);
    expect(await value('controller_runtime_reconcile_errors_total')).toBe(4);
    expect(await value('workqueue_retries_total')).toBe(4);
    await end(running);
  });

  it('leaves an API server alone for as long as it asks to be left alone', async () => {
    const at: number[] = [];
    const running = start(async () => {
      at.push(clock.now());
      const busy = { status: 429, reason: 'TooManyRequests', message: 'busy' };
      if (at.length < 3) throw new ApiError({ ...busy, retryAfterMs: 3000 });
      if (at.length < 4) throw new ApiError(busy);
    });
    const began = clock.now();
    queue.add('a');
    await clock.advance(60_000);
    // The third failure in a row asks for nothing: its own back-off is 20 ms.
    expect(at.map((ms) => ms - began)).toEqual([0, 3000, 6000, 6020]);
    await end(running);
  });

  it('does not try a terminal error again', async () => {
    let calls = 0;
    const running = start(async () => {
      calls++;
      throw new TerminalError('never');
    });
    queue.add('a');
    await clock.advance(100_000);
    expect(calls).toBe(1);
    expect(await value('controller_runtime_reconcile_total', { result: 'terminal_error' })).toBe(1);
    await end(running);
  });

  it('works on several keys at once, and never twice on one', async () => {
    const now = new Set<string>();
    let most = 0;
    const running = start(async (key) => {
      expect(now.has(key)).toBe(false);
      now.add(key);
      most = Math.max(most, now.size);
      await new Promise<void>((resolve) => clock.after(10, resolve));
      now.delete(key);
    });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await settle();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await clock.advance(1000);
    expect(most).toBe(2);
    expect(await value('controller_runtime_reconcile_total', { result: 'success' })).toBe(5);
    await end(running);
  });

  it('waits for work under way when it is stopped, and breaks it off when that takes too long', async () => {
    let ended = false;
    const running = start(async (_key, signal) => {
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('broken off')), { once: true });
      });
    }).then(() => (ended = true));
    queue.add('a');
    await settle();
    stop.abort();
    await settle();
    expect(ended).toBe(false);
    abort.abort();
    await running;
    expect(await value('controller_runtime_reconcile_errors_total')).toBe(0);
  });
});
