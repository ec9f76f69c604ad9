import { LABELS } from '../crd/names.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { RecordingPart } from '../crd/status.ts';
import type { KubeObject } from '../runtime/kube/objects.ts';
import { RECORDER_CONTAINER, recorderPod } from './recorder-pod.ts';
import type { RecorderPodOptions } from './recorder-pod.ts';
import type { Pod } from './kube-objects.ts';

/** What a recorder needs to store a file, and so what it takes to save one. */
const ENVIRONMENT =
  /^(RECORDING_(ID|UID|ATTEMPT|FORMAT)|MEETING_ID|REQUESTED_BY|NODE_NAME|MANIFEST_KEY|MANIFEST_KEY_ID|S3_.*|AWS_.*|HTTPS_PROXY|NO_PROXY|LOG_LEVEL)$/;
const GRACE_SECONDS = 30;
/** It answers nobody. */
const NO_SERVER = { ports: [], readinessProbe: {}, livenessProbe: {} };

/** It can't be the name of a recorder pod, which ends in a number. */
export function salvagePodName(recording: MeetingRecording, attempt: number): string {
  return `${recording.metadata.name}-${attempt}-salvage`;
}

/** The attempt that a pod salvages; undefined for a recorder. */
export function salvagedAttempt(pod: Pod): number | undefined {
  const value = pod.metadata.labels?.[LABELS.salvages];
  return value === undefined ? undefined : Number(value);
}

/** The pod that makes a file of what a lost recorder had stored: the recorder's image with its other program. */
export function salvagePod(
  options: Omit<RecorderPodOptions, 'attempt' | 'folder'> & { part: RecordingPart },
): KubeObject & { spec: object } {
  const { part, recording, config } = options;
  const base = recorderPod({ ...options, attempt: part.attempt, folder: recording.status?.folder });
  const spec = base.spec as Pod['spec'] & { volumes: { name: string }[] };
  const [container] = spec.containers;
  const kept = container?.env?.filter(({ name }) => ENVIRONMENT.test(name) && name !== 'S3_KEY') ?? [];
  const {
    ports: _ports,
    readinessProbe: _ready,
    livenessProbe: _live,
    ...rest
  } = { ...NO_SERVER, ...container };
  const { [LABELS.attempt]: _attempt, ...labels } = base.metadata.labels ?? {};
  return {
    ...base,
    metadata: {
      ...base.metadata,
      name: salvagePodName(recording, part.attempt),
      labels: { ...labels, [LABELS.salvages]: String(part.attempt) },
    },
    spec: {
      ...spec,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      containers: [
        {
          ...rest,
          name: RECORDER_CONTAINER,
          command: ['node', '/app/salvage.mjs'],
          env: [...kept, { name: 'S3_KEY', value: part.key }],
          resources: {
            requests: { cpu: config.cpuRequest, memory: config.memory },
            limits: { memory: config.memory },
          },
        },
      ],
    },
  };
}
