import { pino } from 'pino';
import type { MediaPush } from '../../agora/media-push.ts';
import type { MeetingRecording } from '../../crd/meeting-recording.ts';
import type { MeetingRecordingSpec } from '../../crd/spec.ts';
import { specSchema } from '../../crd/spec.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { RecorderStatus } from '../../../recorder-image/contract/status.ts';
import { KubeClient } from '../../runtime/kube/client.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { Admission } from '../admission.ts';
import { readConfig } from '../config.ts';
import { HostPorts } from '../host-ports.ts';
import type { ContainerStatus, Pod } from '../kube-objects.ts';
import type { LiveStatus } from '../live-status.ts';
import type { Pass } from '../pass.ts';
import { ProviderGate } from '../provider-gate.ts';
import { PushRequests } from '../push-requests.ts';
import { newFolder } from '../recording-place.ts';
import { recorderPod } from '../recorder-pod.ts';
import { readRecorderState } from '../recorder-state.ts';
import { RecorderWatchers } from '../recorder-watchers.ts';
import { StatusDraft } from '../status-draft.ts';
import { TlsRoutes } from '../tls-routes.ts';
import type { World } from '../world.ts';

export const NOW = '2026-01-01T00:00:00Z';
export const NOW_MS = Date.parse(NOW);
export const config = readConfig({
  RECORDER_IMAGE: 'recorder:1',
  STREAM_KEY_SECRET: 'a-master-key-of-at-least-32-characters',
  S3_BUCKET: 'bucket',
});

/** Of the recordings that are made here. */
export const UID = '01234567-89ab-4cde-8f01-23456789abcd';

type SpecInput = Partial<MeetingRecordingSpec>;
type Metadata = Partial<MeetingRecording['metadata']>;

/** A recording as the API server would return it. */
export function recordingOf(
  options: { spec?: SpecInput; status?: MeetingRecordingStatus; metadata?: Metadata } = {},
): MeetingRecording {
  const spec = specSchema.parse({ meetingId: 'meeting-1', source: { rtmp: {} }, ...options.spec });
  return {
    apiVersion: 'meetrec.dev/v1alpha1',
    kind: 'MeetingRecording',
    metadata: {
      name: 'rec',
      namespace: 'ns',
      uid: UID,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: NOW,
      ...options.metadata,
    },
    spec,
    ...(options.status && { status: options.status }),
  };
}

/** The recorder pod of that recording, with the container's status as the kubelet reports it. */
export function podOf(
  recording: MeetingRecording,
  options: {
    container?: Omit<ContainerStatus, 'name'>;
    status?: Pod['status'];
    metadata?: Pod['metadata'];
    scheduled?: boolean;
  } = {},
): Pod {
  const manifest = recorderPod({
    recording,
    attempt: 1,
    folder: recording.status?.folder ?? newFolder(recording, config.recorder),
    masterKey: config.masterKey,
    config: config.recorder,
  });
  const ready = options.container?.state?.running !== undefined;
  return {
    ...manifest,
    metadata: { ...manifest.metadata, uid: 'pod-uid', creationTimestamp: NOW, ...options.metadata },
    spec: {
      ...(manifest.spec as Pod['spec']),
      ...(options.scheduled === false ? {} : { nodeName: 'node-1' }),
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.7',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      ...(options.container && { containerStatuses: [{ name: 'recorder', ...options.container }] }),
      ...options.status,
    },
  };
}

export function liveStatus(status: Partial<RecorderStatus> = {}): RecorderStatus {
  return {
    recordingId: 'rec',
    state: 'recording',
    version: 1,
    durationSeconds: 0,
    bytesReceived: 0,
    bytesUploaded: 0,
    bytesSpooled: 0,
    bytesFree: 0,
    bitrateKbps: 0,
    fps: 0,
    takes: 1,
    ...status,
  };
}

export function passOf(
  recording: MeetingRecording,
  options: { pod?: Pod; live?: LiveStatus; nowMs?: number } = {},
): Pass {
  const nowMs = options.nowMs ?? NOW_MS;
  return {
    key: 'ns/rec',
    recording,
    isFresh: true,
    status: new StatusDraft({ stored: recording.status, generation: recording.metadata.generation, nowMs }),
    pod: options.pod,
    recorder: options.pod && readRecorderState(options.pod, nowMs),
    live: options.live,
    nowMs,
    signal: new AbortController().signal,
    requeueAfterMs: undefined,
  };
}

/** A world in which everything outside answers what the test says, and an API server that is not there. */
export function worldOf(options: { push?: Partial<MediaPush>; kube?: Partial<KubeClient> } = {}): World {
  const clock = new FakeClock(NOW_MS);
  const nothing = { get: () => undefined, list: () => [], size: 0, byIndex: () => [] };
  const log = pino({ level: 'silent' });
  const connection = {
    server: '',
    credentials: async () => await Promise.reject(new Error('there is no API server')),
    close: async () => await Promise.resolve(),
  };
  const kube = Object.assign(new KubeClient({ connection }), options.kube);
  return {
    kube,
    recordings: { store: nothing, observe: () => undefined },
    pods: { store: nothing, observe: () => undefined },
    push: options.push as MediaPush | undefined,
    pushRequests: new PushRequests(),
    admission: new Admission({
      maxConcurrent: 10,
      gate: new ProviderGate({ clock }),
      wake: () => undefined,
    }),
    watchers: new RecorderWatchers({
      client: { status: async () => await Promise.reject(new Error('there is no recorder')) },
      clock,
      random: () => 0,
      log,
      onChange: () => undefined,
    }),
    hostPorts: new HostPorts({ range: config.ingest.hostPorts, pods: () => [] }),
    reach: { look: () => ({ trouble: undefined }) },
    tlsRoutes: new TlsRoutes({ kube }),
    config,
    clock,
    log,
    warn: () => undefined,
  };
}
