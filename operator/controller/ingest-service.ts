import { LABELS, MANAGER_NAME, RECORDER_APP_NAME } from '../crd/names.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { KubeObject } from '../runtime/kube/objects.ts';
import type { Resource } from '../runtime/kube/resource.ts';
import type { Pod } from './kube-objects.ts';

/** An address of a load balancer. */
export interface LoadBalancerIngress {
  ip?: string;
  hostname?: string;
  /** Absent: VIP. The cluster then leads what its own pods send to the IP straight to the Service's pods. */
  ipMode?: string;
}

/** A Service, as much of it as the controller reads. */
export interface Service extends KubeObject {
  spec?: { ports?: { nodePort?: number }[] };
  status?: { loadBalancer?: { ingress?: LoadBalancerIngress[] } };
}

export const SERVICES: Resource<Service> = { group: '', version: 'v1', plural: 'services', namespaced: true };

/** One name for each recorder pod; a recording's own name may be no legal one for a Service. */
export function ingestServiceName(recording: MeetingRecording, attempt: number): string {
  return `meetrec-${recording.metadata.uid}-${attempt}`;
}

/** ClusterIP: for a gateway, which leads to it. */
export type ServiceType = 'NodePort' | 'LoadBalancer' | 'ClusterIP';

/** The way to one recorder from outside the cluster. It is the pod's, and is collected as garbage with it. */
export function ingestService(options: {
  recording: MeetingRecording;
  pod: Pod;
  attempt: number;
  type: ServiceType;
  rtmpPort: number;
  /** The nodes' port; absent: one that is free. */
  nodePort?: number | undefined;
  annotations?: Readonly<Record<string, string>> | undefined;
  loadBalancerClass?: string | undefined;
}): KubeObject & { spec: object } {
  const { recording, pod, attempt, type, rtmpPort, nodePort, annotations, loadBalancerClass } = options;
  const own = { [LABELS.name]: RECORDER_APP_NAME, [LABELS.recording]: recording.metadata.name };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: ingestServiceName(recording, attempt),
      namespace: recording.metadata.namespace,
      labels: { ...own, [LABELS.managedBy]: MANAGER_NAME },
      ...(annotations && { annotations }),
      ...{
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid, controller: true },
        ],
      },
    },
    spec: {
      type,
      ...(type === 'LoadBalancer' && loadBalancerClass !== undefined && { loadBalancerClass }),
      selector: { ...own, [LABELS.attempt]: String(attempt) },
      ports: [
        {
          name: 'rtmp',
          port: rtmpPort,
          targetPort: 'rtmp',
          ...(nodePort !== undefined && { nodePort }),
        },
      ],
    },
  };
}
