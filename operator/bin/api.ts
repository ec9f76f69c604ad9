#!/usr/bin/env node
import { KubeConfig } from '@kubernetes/client-node';
import { randomBytes, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createApp } from '../api/app.ts';
import { Authenticator } from '../api/authentication.ts';
import { ConfigError, readConfig } from '../api/config.ts';
import { describeEnvironment } from '../api/environment.ts';
import { ApiServer } from '../api/server.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { createRecordings } from '../meetings/create-recordings.ts';
import { Database } from '../meetings/database.ts';
import { KubernetesRecordingObjects, MEETING_RECORDINGS } from '../meetings/kubernetes-recording-objects.ts';
import { ProjectionFeed } from '../meetings/projection-feed.ts';
import type { Projection } from '../meetings/projection.ts';
import { Upkeep } from '../meetings/upkeep.ts';
import { systemClock } from '../runtime/clock.ts';
import { Controller } from '../runtime/controller.ts';
import { Informer } from '../runtime/informer.ts';
import { KubeClient } from '../runtime/kube/client.ts';
import { KubeConfigConnection } from '../runtime/kube/connection.ts';
import { RuntimeMetrics } from '../runtime/metrics.ts';
import { WorkQueue } from '../runtime/work-queue.ts';
import { PresignedDownloads } from '../storage/presigned-downloads.ts';

interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted: requests under way are finished, everything is closed, and run() resolves. */
  readonly signal: AbortSignal;
  /** Told the port once the API listens on it. */
  readonly onListening?: (port: number) => void;
}

const PROJECTION = 'meeting-projection';
const PROJECTION_WORKERS = 4;
const READY_TIMEOUT_MS = 2000;

/** Runs the API until it is told to stop. Throws ConfigError when the environment is wrong. */
export async function run({ env, signal, onListening }: RunOptions): Promise<void> {
  const config = readConfig(env);
  const log = pino({ level: config.logLevel, base: { component: 'api' } });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const now = () => new Date();
  await using closing = new AsyncDisposableStack();

  const database = closing.use(
    new Database({ uri: config.mongodbUri, onError: (err) => log.warn({ err: brief(err) }, 'database') }),
  );
  const connection = new KubeConfigConnection(kubeConfig(env));
  closing.defer(() => connection.close());
  const client = new KubeClient({ connection });
  const downloads = new PresignedDownloads({ ...config.storage, now });
  closing.defer(() => downloads.close());

  const { cluster, namespace } = config;
  const informer = new Informer({
    client,
    resource: MEETING_RECORDINGS,
    selection: { namespace },
    clock: systemClock,
    random: Math.random,
    log,
  });
  const recordings = createRecordings({
    ...config,
    database,
    queued: () => countQueued(informer.store.list()),
    objects: new KubernetesRecordingObjects({ client, namespace }),
    downloads,
    now,
    randomBytes,
    onSweepError: (err, recordingId) => log.warn({ err: brief(err), recordingId }, 'left for the next sweep'),
  });
  const { projection, sweep } = recordings;
  const controller = follow({ informer, projection, log, registry });
  const upkeep = new Upkeep({
    projection,
    sweep,
    objects: async () => {
      await informer.synced(signal);
      return [...informer.store.list()];
    },
    onError: (err) => log.warn({ err: brief(err) }, 'upkeep failed, trying again'),
    sweepIntervalMs: config.sweepIntervalMs,
    resyncIntervalMs: config.resyncIntervalMs,
  });

  const app = createApp({
    recordings: recordings.service,
    meetings: recordings.registry,
    authenticator: new Authenticator({ ...config.tokens, now }),
    maxDuration: config.maxDuration,
    agoraWebhookSecret: config.agoraWebhookSecret,
    trustProxyHops: config.trustProxyHops,
    registry,
    log,
    now,
    newRequestId: randomUUID,
    readiness: {
      stopping: async () => (signal.aborted ? 'this process is stopping' : undefined),
      database: async () => ((await database.isReachable()) ? undefined : 'the database does not answer'),
      kubernetes: async () =>
        informer.hasSynced && (await isReachable(client, namespace))
          ? undefined
          : 'the Kubernetes API does not answer',
    },
  });
  const server = new ApiServer(app);
  const port = await server.listen(config.httpPort);
  log.info({ port, namespace, cluster }, 'listening');
  onListening?.(port);

  const stop = new AbortController();
  const writing = async (): Promise<void> => {
    await database.connect(signal);
    await Promise.all([controller.run(signal, stop.signal), upkeep.run(signal)]);
  };
  const background = Promise.all([
    informer.run(stop.signal),
    writing().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  ]);
  closing.defer(async () => {
    stop.abort(new Error('the process is stopping'));
    await Promise.allSettled([background]);
  });
  // The last to be put here is the first to go: while requests are finished, everything that they need is there.
  closing.defer(() => server.close(config.shutdownTimeoutMs));
  await Promise.race([aborted(signal), background]);
  log.info('stopping');
}

/** Follows the objects in the cluster, and hands each change to the projection until it is written. */
function follow(parts: {
  informer: Informer<MeetingRecording>;
  projection: Projection;
  log: Logger;
  registry: Registry;
}): Controller {
  const { informer, projection, log, registry } = parts;
  const metrics = new RuntimeMetrics(registry);
  // The database may be down for long: it is tried often enough to be noticed when it is back.
  const queue = new WorkQueue({
    clock: systemClock,
    metrics: metrics.forQueue(PROJECTION),
    baseDelayMs: 100,
    maxDelayMs: 5000,
  });
  const feed = new ProjectionFeed({ projection, current: (key) => informer.store.get(key) });
  informer.onChange((change) => {
    feed.note(change);
    queue.add(change.key);
  });
  return new Controller({
    name: PROJECTION,
    reconcile: (key, signal) => feed.reconcile(key, signal),
    queue,
    workers: PROJECTION_WORKERS,
    clock: systemClock,
    log,
    metrics: metrics.forController(PROJECTION, PROJECTION_WORKERS),
  });
}

/** Recordings that wait for a slot, or that the controller has not looked at yet. */
function countQueued(objects: Iterable<MeetingRecording>): number {
  let count = 0;
  for (const { status, spec } of objects) {
    const isPending = status?.phase === undefined || status.phase === 'Pending';
    if (isPending && spec.desiredState === 'Recording') count += 1;
  }
  return count;
}

function kubeConfig(env: RunOptions['env']): KubeConfig {
  const config = new KubeConfig();
  if (env['KUBECONFIG']) config.loadFromFile(env['KUBECONFIG']);
  else config.loadFromDefault();
  return config;
}

async function isReachable(client: KubeClient, namespace: string): Promise<boolean> {
  try {
    await client.list(MEETING_RECORDINGS, { namespace, limit: 1, timeoutMs: READY_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}

/** Errors of drivers hold whole topologies. */
function brief(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(
      `The REST API of Meetrec. It is configured by its environment:\n\n${describeEnvironment()}\n`,
    );
    return;
  }
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  try {
    await run({ env: process.env, signal: stop.signal });
  } catch (error) {
    process.stderr.write(
      `${error instanceof ConfigError ? error.message : String((error as Error).stack)}\n`,
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
