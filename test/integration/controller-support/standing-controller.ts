import { pino } from 'pino';
import { Registry } from 'prom-client';
import { readConfig } from '../../../operator/controller/config.ts';
import { createMediaPush } from '../../../operator/controller/create-media-push.ts';
import { HttpRecorderClient } from '../../../operator/controller/recorder-client.ts';
import { setupController } from '../../../operator/controller/setup.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import type { Clock } from '../../../operator/runtime/clock.ts';
import { EventRecorder } from '../../../operator/runtime/event-recorder.ts';
import { RuntimeMetrics } from '../../../operator/runtime/metrics.ts';
import type { TestWorld } from './world.ts';

/** Milliseconds of the longest pause that ends: what is tried again at once is no waiting. */
const LONGEST_PAUSE_MS = 1000;

/** A clock on which no time passes: short pauses end, long ones never. */
const standing: Clock = {
  now: () => Date.now(),
  monotonic: () => 1_000_000,
  after: (ms, callback) =>
    ms <= LONGEST_PAUSE_MS ? systemClock.after(ms, callback) : { cancel: () => undefined },
};

/**
 * The controller, wired as ever, for which no time passes: whatever it does, it does because it was told to, and not
 * because it looked again after a while.
 */
export async function startStandingController(
  world: TestWorld,
  env: NodeJS.ProcessEnv = {},
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const config = readConfig(world.environment(env));
  const { kube } = world.cluster;
  const log = pino({ level: 'silent' });
  const registry = new Registry();
  const recorderClient = new HttpRecorderClient();
  stack.defer(() => recorderClient.close());
  const events = new EventRecorder({
    client: kube,
    clock: systemClock,
    random: Math.random,
    log,
    controller: 'meetrec.dev/controller',
    instance: 'standing',
  });
  stack.defer(() => events.close(3000));
  const manager = setupController({
    config,
    kube,
    push: config.agora && createMediaPush(config.agora, { log, registry }),
    recorderClient,
    events,
    election: undefined,
    runtimeMetrics: new RuntimeMetrics(registry),
    registry,
    clock: standing,
    random: Math.random,
    log,
  });
  const stop = new AbortController();
  const running = manager.run({ signal: stop.signal });
  stack.defer(async () => {
    stop.abort();
    await running;
  });
  const started = stack.move();
  return { [Symbol.asyncDispose]: () => started.disposeAsync() };
}
