import { FOLDER_ANNOTATION } from '../../../operator/crd/names.ts';
import { MANIFEST_FILE } from '../../../recorder-image/contract/object-keys.ts';
import type { RecorderResult } from '../../../recorder-image/contract/result.ts';

const BUCKET = 'bench';

/** The one node that all pods are on. */
export const NODE_NAME = 'kwok';

const now = '{{ Now | Quote }}';

/** A recorder's result, as its pod's termination message has it; of the file that the pod was told to make, and whole. */
const RESULT = JSON.stringify({
  outcome: 'completed',
  reason: 'Stopped',
  bucket: BUCKET,
  key: '{{ $key }}',
  url: `s3://${BUCKET}/{{ $key }}`,
  sizeBytes: 123_456_789,
  durationSeconds: 61.5,
  startedAt: '2026-01-01T00:00:00Z',
  stoppedAt: '2026-01-01T00:01:01Z',
  format: 'mp4',
  checksum: 'CRC64NVME:AAAAAAAAAAA=',
  manifest: { key: `{{ $folder }}${MANIFEST_FILE}`, checksum: 'CRC64NVME:AAAAAAAAAAA=' },
  complete: true,
  missingSeconds: 0,
} satisfies RecorderResult);

const NODE_READY = `
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: ${now}
  lastTransitionTime: ${now}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
allocatable: {cpu: 1M, memory: 1Pi, pods: 1M}
capacity: {cpu: 1M, memory: 1Pi, pods: 1M}
phase: Running
`;

const POD_READY = `
conditions:
- {lastTransitionTime: ${now}, status: "True", type: Initialized}
- {lastTransitionTime: ${now}, status: "True", type: Ready}
- {lastTransitionTime: ${now}, status: "True", type: ContainersReady}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  state: {running: {startedAt: ${now}}}
{{ end }}
{{ $podIPs := PodIPsWith .spec.nodeName false ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index $podIPs 0 | Quote }}
podIPs:
- ip: {{ index $podIPs 0 | Quote }}
phase: Running
startTime: ${now}
`;

const POD_ENDED = `
{{ $key := "" }}
{{ range .spec.containers }}{{ range .env }}{{ if eq .name "S3_KEY" }}{{ $key = .value }}{{ end }}{{ end }}{{ end }}
{{ $folder := index .metadata.annotations "${FOLDER_ANNOTATION}" | trimPrefix "${BUCKET}/" }}
conditions:
- {lastTransitionTime: ${now}, status: "False", type: Ready, reason: PodCompleted}
- {lastTransitionTime: ${now}, status: "False", type: ContainersReady, reason: PodCompleted}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: ${now}
      finishedAt: ${now}
      message: '${RESULT}'
{{ end }}
phase: Succeeded
`;

type Expression = { key: string; operator: 'Exists' | 'DoesNotExist' | 'In' | 'NotIn'; values?: string[] };

const DELETED: Expression = { key: '.metadata.deletionTimestamp', operator: 'Exists' };
const phase = (...values: string[]): Expression => ({ key: '.status.phase', operator: 'In', values });

/**
 * What kwok does, as the kubelet would: a pod is ready at once, ends with a result when it is deleted, and goes. Without
 * a delay anywhere: what takes time is the API server and the controller. See "Stages" in kwok's documentation.
 */
export function kwokConfig(): string {
  const stages = [
    stage(
      'node-ready',
      'Node',
      [
        {
          key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
          operator: 'NotIn',
          values: ['True'],
        },
      ],
      { statusTemplate: NODE_READY },
    ),
    stage(
      'pod-ready',
      'Pod',
      [{ key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' }, phase('Pending')],
      { statusTemplate: POD_READY },
    ),
    stage('pod-ended', 'Pod', [DELETED, phase('Running')], { statusTemplate: POD_ENDED }),
    stage('pod-gone', 'Pod', [DELETED, phase('Succeeded')], { delete: true }),
  ];
  return stages.map((document) => JSON.stringify(document)).join('\n---\n');
}

function stage(
  name: string,
  kind: 'Node' | 'Pod',
  matchExpressions: readonly Expression[],
  next: object,
): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions }, next },
  };
}
