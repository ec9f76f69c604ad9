import { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { DependencyMetrics } from '../api/dependency-metrics.ts';
import type { ApiConfig } from '../api/config.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { isTerminal } from '../crd/phases.ts';
import { MEETING_RECORDINGS } from '../meetings/kubernetes-recording-objects.ts';
import type { ObjectClient } from '../meetings/kubernetes-recording-objects.ts';
import { ProjectionFeed } from '../meetings/projection-feed.ts';
import type { Projection } from '../meetings/projection.ts';
import { systemClock } from '../runtime/clock.ts';
import { Controller } from '../runtime/controller.ts';
import type { Informer } from '../runtime/informer.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { RuntimeMetrics } from '../runtime/metrics.ts';
import { WorkQueue } from '../runtime/work-queue.ts';
import { UploadSweep } from '../storage/upload-sweep.ts';
import type { KnownRecording, KnownRecordings } from '../storage/upload-sweep.ts';
import { shortUid } from '../../recorder-image/contract/key-template.ts';

const PROJECTION = 'meeting-projection';
const PROJECTION_WORKERS = 4;
const READY_TIMEOUT_MS = 2000;

/** Follows the objects in the cluster, and hands each change to the projection until it is written. */
export function follow(parts: {
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

/** Aborts what lost recorders have left in S3, where it is known which bucket that is. */
export function uploadSweep(
  config: Pick<ApiConfig, 'storage' | 'bucket' | 'keyPrefix' | 'keyTemplate' | 'uploadSweepIntervalMs'>,
  { informer, log }: { informer: Informer<MeetingRecording>; log: Logger },
): UploadSweep | undefined {
  const { storage, bucket, keyPrefix, keyTemplate, uploadSweepIntervalMs: intervalMs } = config;
  if (bucket === undefined || intervalMs === 0) return undefined;
  return new UploadSweep({
    access: storage,
    bucket,
    keyPrefix,
    keyTemplate,
    intervalMs,
    known: () => knownRecordings(informer.store.list()),
    now: () => Date.now(),
    onAborted: (upload) => log.info(upload, 'aborted an upload that no recorder will finish'),
    onError: (err) =>
      log.warn({ err: brief(err) }, 'unfinished uploads could not be swept, trying again later'),
  });
}

function knownRecordings(objects: Iterable<MeetingRecording>): KnownRecordings {
  const byUid = new Map<string, KnownRecording>();
  const byName = new Map<string, KnownRecording>();
  for (const { metadata, status = {} } of objects) {
    const endedAtMs = Date.parse(status.completedAt ?? metadata.creationTimestamp);
    const known = isTerminal(status.phase) ? { endedAtMs } : 'active';
    byUid.set(shortUid(metadata.uid), known);
    // One with a folder has nothing elsewhere, whatever one of its name has left there.
    if (!status.folder) byName.set(metadata.name, known);
  }
  return { byUid: (uid12) => byUid.get(uid12), byName: (name) => byName.get(name) };
}

export function timed(client: KubeClient, dependencies: DependencyMetrics): ObjectClient {
  const time = <T>(call: () => Promise<T>): Promise<T> => dependencies.time('kubernetes', call);
  return {
    create: (...asked) => time(() => client.create(...asked)),
    get: (...asked) => time(() => client.get(...asked)),
    patch: (...asked) => time(() => client.patch(...asked)),
  };
}

/** Recordings that wait for a slot, or that the controller has not looked at yet. */
export function countQueued(objects: Iterable<MeetingRecording>): number {
  let count = 0;
  for (const { status, spec } of objects) {
    const isPending = status?.phase === undefined || status.phase === 'Pending';
    if (isPending && spec.desiredState === 'Recording') count += 1;
  }
  return count;
}

export function kubeConfig(env: Readonly<Record<string, string | undefined>>): KubeConfig {
  const config = new KubeConfig();
  if (env['KUBECONFIG']) config.loadFromFile(env['KUBECONFIG']);
  else config.loadFromDefault();
  return config;
}

export async function isReachable(client: KubeClient, namespace: string): Promise<boolean> {
  try {
    await client.list(MEETING_RECORDINGS, { namespace, limit: 1, timeoutMs: READY_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}

/** Errors of drivers hold whole topologies. */
export function brief(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
