import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { MediaPush } from '../agora/media-push.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { LABELS, MANAGER_NAME, RECORDER_APP_NAME } from '../crd/names.ts';
import { isTerminal } from '../crd/phases.ts';
import type { Clock } from '../runtime/clock.ts';
import { Controller } from '../runtime/controller.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import { Informer } from '../runtime/informer.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { LeaderElection } from '../runtime/leader-election.ts';
import { Manager } from '../runtime/manager.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import type { Change } from '../runtime/store.ts';
import { WorkQueue } from '../runtime/work-queue.ts';
import { Admission } from './admission.ts';
import { BoundedMediaPush } from './bounded-media-push.ts';
import type { ControllerConfig } from './config.ts';
import { announce, warn } from './events.ts';
import { HostPorts } from './host-ports.ts';
import { MEETING_RECORDINGS, PODS, ownerUid, recordingKey } from './kube-objects.ts';
import type { Pod } from './kube-objects.ts';
import { RecordingMetrics } from './metrics.ts';
import { ProviderGate } from './provider-gate.ts';
import { PushRequests } from './push-requests.ts';
import { PushSweep } from './push-sweep.ts';
import { rtmpReach } from './reach.ts';
import type { Reach } from './reach.ts';
import type { RecorderClient } from './recorder-client.ts';
import { weightOf } from './recorder-resources.ts';
import { RecorderWatchers } from './recorder-watchers.ts';
import { MeetingRecordingReconciler, currentPodName } from './reconciler.ts';
import { RememberedReach } from './remembered-reach.ts';
import { slimPod } from './slim-pod.ts';
import { StatusUpdate } from './status-update.ts';
import { TlsRoutes } from './tls-routes.ts';
import { POD_RECORDING } from './world.ts';
import type { World } from './world.ts';

export const CONTROLLER_NAME = 'meetingrecording';
/** Milliseconds: within 10 s of the API server being back, an object is to show the truth again. */
const LONGEST_RETRY_MS = 8000;

export interface SetupOptions {
  config: ControllerConfig;
  kube: KubeClient;
  /** Absent: the installation has no Agora credentials. */
  push: MediaPush | undefined;
  recorderClient: RecorderClient;
  /** How it is found out whether a recorder can be reached; by RTMP unless told. */
  reach?: Reach;
  events: EventRecorder;
  election: LeaderElection | undefined;
  runtimeMetrics: RuntimeMetrics;
  registry: Registry;
  clock: Clock;
  /** From 0 up to 1. */
  random: () => number;
  log: Logger;
  /** Called once the caches are full. */
  onFull?: () => void;
}

/** Wires the controller of MeetingRecordings: caches, queue, world, workers. */
export function setupController(options: SetupOptions): Manager {
  const { config, kube, events, clock, random, log, runtimeMetrics } = options;
  const queue = new WorkQueue({
    clock,
    metrics: runtimeMetrics.forQueue(CONTROLLER_NAME),
    maxDelayMs: LONGEST_RETRY_MS,
  });
  const common = { client: kube, clock, random, log };
  const recordings = new Informer<MeetingRecording>({
    ...common,
    resource: MEETING_RECORDINGS,
    selection: { namespace: config.namespace },
  });
  const pods = new Informer<Pod>({
    ...common,
    resource: PODS,
    selection: {
      namespace: config.namespace,
      labelSelector: `${LABELS.managedBy}=${MANAGER_NAME},${LABELS.name}=${RECORDER_APP_NAME}`,
    },
    indexes: { [POD_RECORDING]: (pod) => [recordingKey(pod) ?? ''] },
    transform: slimPod,
  });
  const admission = new Admission({
    maxConcurrent: config.maxConcurrentRecordings,
    weigh: (recording) => weightOf(recording, config.webmWeight),
    maxPushes: config.maxPushes,
    gate: new ProviderGate({ clock }),
    wake: (keys) => keys.forEach((key) => queue.add(key)),
  });
  const watchers = new RecorderWatchers({
    client: options.recorderClient,
    clock,
    random,
    log,
    onChange: (key) => queue.add(key),
  });
  const hostPorts = new HostPorts({ range: config.ingest.hostPorts, pods: () => pods.store.list() });
  const pushRequests = new PushRequests();
  const metrics = new RecordingMetrics(options.registry, {
    recordings: () => recordings.store.list(),
    queueLength: () => admission.waiting,
  });
  const statusUpdate = new StatusUpdate({
    onChange: (change) => {
      metrics.observe(change);
      announce(events, change);
    },
  });
  const reach = new RememberedReach({
    reach: options.reach ?? rtmpReach(),
    clock,
    onChange: (key) => queue.add(key),
  });
  const world: World = {
    kube,
    recordings,
    pods,
    push:
      options.push &&
      new BoundedMediaPush({
        push: options.push,
        workers: config.workers,
        wake: (key) => queue.add(key),
        clock,
      }),
    pushRequests,
    admission,
    watchers,
    hostPorts,
    reach,
    tlsRoutes: new TlsRoutes({ kube }),
    config,
    clock,
    log,
    warn: (recording, reason, note) => warn(events, recording, reason, note),
  };
  const reconciler = new MeetingRecordingReconciler({ world, statusUpdate });

  recordings.onChange((change) => {
    admission.observe(change);
    if (!change.after || isTerminal(change.after.status?.phase)) reach.forget(change.key);
    // What a pass has written itself tells it nothing: it says when it wants to look again.
    if (!change.own) queue.add(change.key, change.initial ? 'low' : 'normal');
    if (change.before && change.before.metadata.uid !== change.after?.metadata.uid) {
      statusUpdate.forget(change.before.metadata.uid);
      pushRequests.forget(change.before.metadata.uid);
    }
  });
  pods.onChange((change) => {
    if (!change.after) hostPorts.forget(change.before?.metadata.name ?? '');
    enqueueOwner(change, queue);
  });

  const controller = new Controller({
    name: CONTROLLER_NAME,
    reconcile: (key, signal) => reconciler.reconcile(key, signal),
    queue,
    workers: config.workers,
    clock,
    log,
    metrics: runtimeMetrics.forController(CONTROLLER_NAME, config.workers),
  });
  const sweep =
    options.push && config.pushSweepSeconds > 0
      ? new PushSweep({
          push: options.push,
          recordings: () => recordings.store.list(),
          masterKey: config.masterKey,
          intervalSeconds: config.pushSweepSeconds,
          onEnded: () => admission.pushEnded(),
          clock,
          log,
        })
      : undefined;
  const work = {
    run: async (signal: AbortSignal, abort: AbortSignal) => {
      const sweeping = sweep?.run(signal);
      await controller.run(signal, abort);
      watchers.close();
      await sweeping;
    },
  };
  return new Manager({
    sources: [recordings, pods],
    controllers: [work],
    election: options.election,
    ...(options.onFull && { onFull: options.onFull }),
    beforeWork: () => holdSlots(recordings, pods, admission),
    clock,
    log,
  });
}

/** Recordings that have a pod hold their slot, also where their maker died before the status said so. */
function holdSlots(recordings: Informer<MeetingRecording>, pods: Informer<Pod>, admission: Admission): void {
  for (const pod of pods.store.list()) {
    const recording = recordings.store.get(recordingKey(pod) ?? '');
    if (!recording || isTerminal(recording.status?.phase)) continue;
    if (ownerUid(pod) === recording.metadata.uid && pod.metadata.name === currentPodName(recording))
      admission.hold(recording);
  }
  const full = ({ status }: MeetingRecording) =>
    status?.phase === 'Pending' && status.reason === 'ProviderQuotaExceeded';
  // What the one before this has learnt stands in those that wait for it.
  if ([...recordings.store.list()].some(full)) admission.providerIsFull();
}

function enqueueOwner({ before, after, initial }: Change<Pod>, queue: WorkQueue): void {
  const pod = after ?? before;
  const key = pod && recordingKey(pod);
  if (key !== undefined) queue.add(key, initial ? 'low' : 'normal');
}
