import { LABELS, MANAGER_NAME, RECORDER_APP_NAME } from '../crd/names.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { KubeObject } from '../runtime/kube/objects.ts';
import type { GatewayConfig } from './ingest-config.ts';
import type { OwnerReference, Pod } from './kube-objects.ts';

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';

export interface RouteParentRef {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
  sectionName?: string;
}

export interface RouteCondition {
  type: string;
  status: string;
  observedGeneration?: number;
  reason?: string;
  message?: string;
}

/** A TLSRoute of the Gateway API, as much of it as the controller reads. */
export interface TlsRoute extends KubeObject {
  spec?: { parentRefs?: RouteParentRef[]; hostnames?: string[]; rules?: object[] };
  status?: { parents?: { parentRef: RouteParentRef; conditions?: RouteCondition[] }[] };
}

/** A recording's route as it is made. */
export interface TlsRouteManifest extends KubeObject {
  metadata: KubeObject['metadata'] & {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    ownerReferences: OwnerReference[];
  };
  spec: { parentRefs: RouteParentRef[]; hostnames: string[]; rules: object[] };
}

/** The host name of a recording stays the same when another recorder takes over. */
export function ingestHost(recording: MeetingRecording, domain: string): string {
  return `${recording.metadata.name}.${domain}`;
}

/**
 * The gateway's way to a recording: by the server name that the publisher asks for, with the TLS as it comes. It belongs
 * to the recorder pod of the moment, and is collected as garbage with it.
 */
export function ingestRoute(options: {
  recording: MeetingRecording;
  pod: Pod;
  attempt: number;
  gateway: GatewayConfig;
  serviceName: string;
  servicePort: number;
}): TlsRouteManifest {
  const { recording, pod, attempt, gateway, serviceName, servicePort } = options;
  const { name, namespace, uid } = recording.metadata;
  return {
    kind: 'TLSRoute',
    metadata: {
      name: `meetrec-${uid}`,
      namespace,
      labels: {
        [LABELS.name]: RECORDER_APP_NAME,
        [LABELS.recording]: name,
        [LABELS.managedBy]: MANAGER_NAME,
        [LABELS.attempt]: String(attempt),
      },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          name: pod.metadata.name ?? '',
          uid: pod.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    spec: {
      parentRefs: [
        {
          group: GATEWAY_GROUP,
          kind: 'Gateway',
          name: gateway.name,
          ...(gateway.namespace !== undefined && { namespace: gateway.namespace }),
          ...(gateway.listener !== undefined && { sectionName: gateway.listener }),
        },
      ],
      hostnames: [ingestHost(recording, gateway.domain)],
      rules: [{ backendRefs: [{ name: serviceName, port: servicePort }] }],
    },
  };
}

/** What a gateway must have said of a route before anything goes through it. */
const REQUIRED = ['Accepted', 'ResolvedRefs'];

/** In words that stay the same. */
export interface NotTaken {
  reason: 'IngestRoutePending' | 'IngestRouteNotAccepted';
  message: string;
}

/** Why the gateway does not take the route, or not yet; undefined: it does. */
export function whyNotTaken(route: TlsRoute, gateway: GatewayConfig): NotTaken | undefined {
  const { namespace, generation = 0 } = route.metadata;
  const title = `The Gateway ${gateway.namespace ?? namespace ?? ''}/${gateway.name}`;
  const pending: NotTaken = {
    reason: 'IngestRoutePending',
    message: `${title} has not answered to the recording's route yet`,
  };
  const judge = (conditions: readonly RouteCondition[]): NotTaken | undefined => {
    const required = REQUIRED.map((type) => conditions.find((one) => one.type === type));
    const refused = required.find((one) => one?.status === 'False');
    if (required.every((one) => one && (one.observedGeneration ?? generation) >= generation))
      return refused && { reason: 'IngestRouteNotAccepted', message: `${title} ${refusal(refused)}` };
    return pending;
  };
  const answers = (route.status?.parents ?? [])
    .filter(
      ({ parentRef }) =>
        parentRef.name === gateway.name &&
        (parentRef.namespace ?? namespace) === (gateway.namespace ?? namespace) &&
        parentRef.sectionName === gateway.listener,
    )
    .map(({ conditions = [] }) => judge(conditions));
  // One route may have the answers of several controllers: that one takes it is enough.
  return answers.includes(undefined) ? undefined : (answers[0] ?? pending);
}

function refusal({ type, reason = 'Unknown', message = '' }: RouteCondition): string {
  const more = message === '' ? '' : `: ${message}`;
  return `does not take the recording's route (${type}: ${reason})${more}`;
}
