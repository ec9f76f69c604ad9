import { KubeConfig } from '@kubernetes/client-node';
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { ConfigError, readConfig } from '../controller/config.ts';
import type { ControllerConfig } from '../controller/config.ts';
import { controllerHelp } from '../controller/help.ts';
import { createMediaPush } from '../controller/create-media-push.ts';
import { HttpRecorderClient } from '../controller/recorder-client.ts';
import { setupController } from '../controller/setup.ts';
import { GROUP } from '../crd/names.ts';
import { systemClock } from '../runtime/clock.ts';
import { EventRecorder } from '../runtime/event-recorder.ts';
import { HealthServer } from '../runtime/health-server.ts';
import { KubeClient } from '../runtime/kube/client.ts';
import { KubeConfigConnection } from '../runtime/kube/connection.ts';
import { LeaderElection } from '../runtime/leader-election.ts';
import { RuntimeMetrics, lostEventsCounter } from '../runtime/metrics.ts';

/** Milliseconds that events which wait to be sent may hold up the end. */
const EVENTS_MS = 3000;
const HEAP_GROWTH_PERCENT = 40;
const LEASE_NAME = 'meetrec-controller';

/** Runs the controller until the signal is aborted. Rejects when it can't go on. */
export async function run(config: ControllerConfig, { signal }: { signal: AbortSignal }): Promise<void> {
  const log = pino({ level: config.logLevel, base: null });
  const clock = systemClock;
  const random = Math.random;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const runtimeMetrics = new RuntimeMetrics(registry);
  runtimeMetrics.leader(LEASE_NAME, false);

  await using stack = new AsyncDisposableStack();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const connection = new KubeConfigConnection(kubeConfig);
  stack.defer(() => connection.close());
  const recorderClient = new HttpRecorderClient();
  stack.defer(() => recorderClient.close());
  const podName = config.podName ?? hostname();
  const client = new KubeClient({ connection });
  const election = config.leaderElection
    ? new LeaderElection({
        client,
        namespace: config.leaseNamespace,
        name: LEASE_NAME,
        identity: `${podName}_${randomUUID()}`,
        clock,
        random,
        log,
        onChange: (isLeader) => runtimeMetrics.leader(LEASE_NAME, isLeader),
      })
    : undefined;
  const events = new EventRecorder({
    client,
    clock,
    random,
    log,
    onLost: lostEventsCounter(registry),
    controller: `${GROUP}/controller`,
    instance: podName,
  });
  stack.defer(() => events.close(EVENTS_MS));
  const mayWrite = (): boolean => election?.isLeader() ?? true;
  const manager = setupController({
    config,
    kube: new KubeClient({ connection, mayWrite }),
    push: config.agora && createMediaPush(config.agora, { log, registry, mayWrite }),
    recorderClient,
    events,
    election,
    runtimeMetrics,
    registry,
    clock,
    random,
    log,
    onFull: limitHeapGrowth,
  });
  const health = new HealthServer({
    port: config.httpPort,
    registry,
    unhealthy: () => election?.unhealthy(),
    unready: () => manager.unready(),
  });
  const port = await health.listen();
  stack.defer(() => health.close());
  log.info({ port, namespace: config.namespace, server: connection.server }, 'controller started');
  await manager.run({ signal });
  log.info('controller stopped');
}

/**
 * From now on the old generation is collected when it has grown so far; left to itself it grows to several times of what
 * lives. While the caches are being filled all of it lives, and collecting it would be for nothing.
 */
function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(controllerHelp());
    return;
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  await run(readConfig(process.env), { signal: stop.signal });
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    const known = error instanceof ConfigError ? error.message : undefined;
    process.stderr.write(`${known ?? (error instanceof Error ? error.stack : String(error))}\n`);
    process.exitCode = known === undefined ? 1 : 2;
  }
}
