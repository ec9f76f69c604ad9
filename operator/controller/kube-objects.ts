import { GROUP, PLURAL, VERSION } from '../crd/names.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { KubeMetadata, KubeObject } from '../runtime/kube/objects.ts';
import type { Resource } from '../runtime/kube/resource.ts';

export const MEETING_RECORDINGS: Resource<MeetingRecording> = {
  group: GROUP,
  version: VERSION,
  plural: PLURAL,
  namespaced: true,
};

export const PODS: Resource<Pod> = { group: '', version: 'v1', plural: 'pods', namespaced: true };

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface Terminated {
  exitCode: number;
  signal?: number;
  reason?: string;
  message?: string;
  finishedAt?: string;
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: Terminated;
  };
  lastState?: { terminated?: Terminated };
}

export interface PodCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** A pod, as much of it as the controller reads. */
export interface Pod extends KubeObject {
  metadata: KubeMetadata & { ownerReferences?: OwnerReference[]; deletionGracePeriodSeconds?: number };
  spec: {
    nodeName?: string;
    containers: {
      name: string;
      image?: string;
      env?: { name: string; value?: string }[];
      ports?: { name?: string; containerPort: number; hostPort?: number }[];
    }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    hostIP?: string;
    conditions?: PodCondition[];
    containerStatuses?: ContainerStatus[];
  };
}

/** The UID of the MeetingRecording that controls the pod. */
export function ownerUid(pod: Pod): string | undefined {
  return pod.metadata.ownerReferences?.find((reference) => reference.controller === true)?.uid;
}

/** The key of the MeetingRecording that controls the pod. */
export function recordingKey(pod: Pod): string | undefined {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  return owner && `${pod.metadata.namespace ?? ''}/${owner.name}`;
}
