import { labelValue } from '../crd/label-value.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import {
  API_VERSION,
  FOLDER_ANNOTATION,
  KIND,
  LABELS,
  MANAGER_NAME,
  MAX_DURATION_ANNOTATION,
  RECORDER_APP_NAME,
  RESULT_FINALIZER,
} from '../crd/names.ts';
import type { RecordingFolder } from '../crd/status.ts';
import { deriveStreamKey, streamKeySha256 } from '../crd/stream-key.ts';
import type { KubeObject } from '../runtime/kube/objects.ts';
import type { RecorderConfig } from './config.ts';
import { mebibytes } from './quantities.ts';
import { recorderResources } from './recorder-resources.ts';
import { attemptKey, folderNote } from './recording-place.ts';
import { spoolBytes } from './spool-size.ts';

export const RECORDER_CONTAINER = 'recorder';
const SPOOL = '/tmp/recordings';
const LIMITS = '/etc/meetrec';
const MAX_DURATION_FILE = 'max-duration-seconds';
const CERTIFICATE = '/etc/meetrec-tls';
const S3_CA = '/etc/meetrec-s3-ca';
/** The user of the recorder image. */
const USER = 65_532;

/**
 * Seconds. A recorder answers while it reads its journal, and while it finishes and uploads; one that has not for a minute
 * hangs. It gets no time to stop, which would end the recording: killed and started again, it goes on.
 */
const LIVENESS = {
  httpGet: { path: '/healthz', port: 'http' },
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold: 6,
  terminationGracePeriodSeconds: 1,
};

/** One name a try: a controller with a stale cache meets AlreadyExists in place of making a second pod. */
export function recorderPodName(recording: MeetingRecording, attempt: number): string {
  return `${recording.metadata.name}-${attempt}`;
}

/** The other way round: whose recorder the pod of this name is. */
export function recordingNameOf(podName: string): string {
  return podName.replace(/-[0-9]+$/, '');
}

/** The SHA-256 of the one stream key that may publish. */
export function publisherKeySha256(recording: MeetingRecording, masterKey: string): string {
  return (
    recording.spec.source.rtmp?.streamKeySha256 ??
    streamKeySha256(deriveStreamKey(masterKey, recording.metadata.uid))
  );
}

export interface RecorderPodOptions {
  recording: MeetingRecording;
  attempt: number;
  /** Absent: the recording was begun before recordings had folders. */
  folder: RecordingFolder | undefined;
  masterKey: string;
  config: RecorderConfig;
  /** The node's port that leads to the ingest; absent: none does. */
  hostPort?: number | undefined;
}

/**
 * The pod that records: bare, so that nothing makes a second one behind our back; owned by the object; held by a
 * finalizer until its result has been read; legal under Pod Security's restricted profile.
 */
export function recorderPod(options: RecorderPodOptions): KubeObject & { spec: object } {
  const { recording, attempt, config } = options;
  const { name, namespace, uid } = recording.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: recorderPodName(recording, attempt),
      namespace,
      labels: {
        [LABELS.name]: RECORDER_APP_NAME,
        [LABELS.managedBy]: MANAGER_NAME,
        [LABELS.recording]: name,
        [LABELS.meeting]: labelValue(recording.spec.meetingId),
        [LABELS.attempt]: String(attempt),
      },
      annotations: {
        ...config.annotations,
        [MAX_DURATION_ANNOTATION]: String(recording.spec.maxDurationSeconds),
        ...(options.folder && { [FOLDER_ANNOTATION]: folderNote(options.folder) }),
      },
      finalizers: [RESULT_FINALIZER],
      ...{
        ownerReferences: [
          { apiVersion: API_VERSION, kind: KIND, name, uid, controller: true, blockOwnerDeletion: true },
        ],
      },
    },
    spec: {
      // A recorder that dies is started again in place, where its journal is.
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: config.terminationGraceSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(config.serviceAccount !== undefined && { serviceAccountName: config.serviceAccount }),
      ...(config.priorityClass !== undefined && { priorityClassName: config.priorityClass }),
      ...(config.imagePullSecret !== undefined && { imagePullSecrets: [{ name: config.imagePullSecret }] }),
      ...(config.nodeSelector !== undefined && { nodeSelector: config.nodeSelector }),
      ...(config.tolerations !== undefined && { tolerations: config.tolerations }),
      ...elsewhere(recording),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [recorderContainer(options)],
      volumes: [
        { name: 'spool', emptyDir: { sizeLimit: mebibytes(spoolBytes(recording, config.maxSpoolBytes)) } },
        { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        { name: 'limits', downwardAPI: { items: [maxDurationFile()] } },
        // A Secret that is missing is for the recorder to say: a pod that waits for one says nothing.
        ...(config.tlsSecret === undefined
          ? []
          : [{ name: 'certificate', secret: { secretName: config.tlsSecret, optional: true } }]),
        ...(config.s3CaConfigMap === undefined
          ? []
          : [{ name: 's3-ca', configMap: { name: config.s3CaConfigMap, optional: true } }]),
      ],
    },
  };
}

/**
 * Rather not on the node on which the recorder before it ended: that may be dead and not known to be yet, or not well. On
 * that one all the same where there is no other.
 */
function elsewhere({ status }: MeetingRecording): object {
  const node = status?.lastTermination?.node;
  if (node === undefined) return {};
  const preference = { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: [node] }] };
  const preferred = [{ weight: 100, preference }];
  return { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } };
}

function recorderContainer(options: RecorderPodOptions): object {
  const { config } = options;
  return {
    name: RECORDER_CONTAINER,
    image: config.image,
    imagePullPolicy: config.imagePullPolicy,
    env: environment(options),
    ...(config.secret !== undefined && { envFrom: [{ secretRef: { name: config.secret } }] }),
    ports: [
      {
        name: 'rtmp',
        containerPort: config.rtmpPort,
        ...(options.hostPort !== undefined && { hostPort: options.hostPort }),
      },
      { name: 'http', containerPort: config.httpPort },
    ],
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1, failureThreshold: 3 },
    livenessProbe: LIVENESS,
    // Without a message of its own, the last lines of the log say what it died of.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: recorderResources(options.recording, config),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'spool', mountPath: SPOOL },
      { name: 'limits', mountPath: LIMITS, readOnly: true },
      ...(config.tlsSecret === undefined
        ? []
        : [{ name: 'certificate', mountPath: CERTIFICATE, readOnly: true }]),
      ...(config.s3CaConfigMap === undefined ? [] : [{ name: 's3-ca', mountPath: S3_CA, readOnly: true }]),
    ],
  };
}

/** A recorder has no access to the API, but to this of its own pod: the kubelet keeps the file up to date. */
function maxDurationFile(): object {
  const fieldPath = `metadata.annotations['${MAX_DURATION_ANNOTATION}']`;
  return { path: MAX_DURATION_FILE, fieldRef: { fieldPath } };
}

function environment(options: RecorderPodOptions): EnvironmentVariable[] {
  const { recording, config, masterKey, folder, attempt } = options;
  const { output, maxDurationSeconds } = recording.spec;
  const variables: Record<string, string | number | undefined> = {
    RECORDING_ID: recording.metadata.name,
    RECORDING_UID: recording.metadata.uid,
    RECORDING_ATTEMPT: attempt,
    MEETING_ID: recording.spec.meetingId,
    REQUESTED_BY: recording.spec.requestedBy,
    STREAM_KEY_SHA256: publisherKeySha256(recording, masterKey),
    RTMP_PORT: config.rtmpPort,
    ...(config.tlsSecret !== undefined && {
      RTMP_TLS_CERT_PATH: `${CERTIFICATE}/tls.crt`,
      RTMP_TLS_KEY_PATH: `${CERTIFICATE}/tls.key`,
    }),
    ...(config.s3CaConfigMap !== undefined && { S3_CA_FILE: `${S3_CA}/ca.crt` }),
    HTTP_PORT: config.httpPort,
    RECORDING_FORMAT: output.format,
    RECORDING_RESOLUTION: output.resolution,
    RECORDING_FPS: output.fps,
    RECORDING_BITRATE: output.bitrateKbps,
    RECORDING_MAX_DURATION: maxDurationSeconds,
    RECORDING_MAX_DURATION_FILE: `${LIMITS}/${MAX_DURATION_FILE}`,
    RECORDING_STORAGE_PATH: SPOOL,
    // The volume's limit, which the recorder can't see: it would be evicted, spool and all.
    RECORDING_SPOOL_LIMIT_MB: Math.floor(spoolBytes(recording, config.maxSpoolBytes) / 1e6),
    S3_KEY: attemptKey({ recording, folder, attempt, prefix: config.keyPrefix }),
    ...config.environment,
    ...(folder && { S3_BUCKET: folder.bucket }),
  };
  const given = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value: literally(String(value)) }],
  );
  return [
    ...given,
    { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ...manifestKey(config),
  ];
}

type EnvironmentVariable = { name: string } & ({ value: string } | { valueFrom: object });

/** A Secret that is missing is waited for, in the kubelet's words: nothing is stored unsigned that was to be signed. */
function manifestKey({ manifestKey: key }: RecorderConfig): EnvironmentVariable[] {
  if (key === undefined) return [];
  const secretKeyRef = { name: key.secret, key: 'MANIFEST_KEY' };
  return [
    { name: 'MANIFEST_KEY', valueFrom: { secretKeyRef } },
    { name: 'MANIFEST_KEY_ID', value: key.id },
  ];
}

/** The kubelet puts the values of other variables in the place of $(NAME): a meeting may be called so. */
function literally(value: string): string {
  return value.replaceAll('$', () => '$$');
}
