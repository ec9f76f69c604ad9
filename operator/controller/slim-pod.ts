import { FOLDER_ANNOTATION, MAX_DURATION_ANNOTATION } from '../crd/names.ts';
import type { ContainerStatus, Pod } from './kube-objects.ts';

/**
 * Leaves of a pod what the controller reads of it: the cache holds one for each recording, and most of a pod is of no
 * use here.
 */
export function slimPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { annotations, ...kept } = metadata;
  const own = pick(annotations ?? {}, [MAX_DURATION_ANNOTATION, FOLDER_ANNOTATION]);
  return {
    ...pick({ apiVersion, kind }, ['apiVersion', 'kind']),
    metadata: {
      ...kept,
      ...(Object.keys(own).length > 0 && { annotations: own }),
    },
    spec: {
      ...pick(spec, ['nodeName']),
      containers: spec.containers.map(({ name, image, ports }) => ({
        name,
        ...(image !== undefined && { image }),
        ...(ports && { ports: ports.filter(({ hostPort }) => hostPort !== undefined) }),
      })),
    },
    ...(status && { status: slimStatus(status) }),
  };
}

function slimStatus(status: NonNullable<Pod['status']>): NonNullable<Pod['status']> {
  const { conditions, containerStatuses } = status;
  return {
    ...pick(status, ['phase', 'reason', 'message', 'podIP', 'hostIP']),
    ...(conditions && {
      conditions: conditions.map((condition) => ({
        ...pick(condition, ['reason', 'message', 'lastTransitionTime']),
        type: condition.type,
        status: condition.status,
      })),
    }),
    ...(containerStatuses && { containerStatuses: containerStatuses.map(slimContainer) }),
  };
}

function slimContainer(container: ContainerStatus): ContainerStatus {
  return { ...pick(container, ['ready', 'restartCount', 'state', 'lastState']), name: container.name };
}

/** Those of an object's fields, as far as they are there. */
function pick<T extends object, K extends keyof T>(
  object: T,
  keys: readonly K[],
): { [P in K]?: Exclude<T[P], undefined> } {
  const picked: { [P in K]?: Exclude<T[P], undefined> } = {};
  for (const key of keys) {
    const value = object[key];
    if (value !== undefined) picked[key] = value as Exclude<T[K], undefined>;
  }
  return picked;
}
