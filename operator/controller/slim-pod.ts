import type { Pod } from './kube-objects.ts';

/**
 * Leaves of a pod what {@link Pod} names: the cache holds one for each recording, and most of a pod is of no use here.
 */
export function slimPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { annotations: _annotations, ...kept } = metadata;
  const { nodeName, containers } = spec;
  return {
    ...(apiVersion !== undefined && { apiVersion }),
    ...(kind !== undefined && { kind }),
    metadata: kept,
    spec: {
      ...(nodeName !== undefined && { nodeName }),
      containers: containers.map(({ name, image, env, ports }) => ({
        name,
        ...(image !== undefined && { image }),
        ...(env && { env }),
        ...(ports && { ports }),
      })),
    },
    ...(status && { status: slimStatus(status) }),
  };
}

function slimStatus(status: NonNullable<Pod['status']>): NonNullable<Pod['status']> {
  const { phase, reason, message, podIP, hostIP, conditions, containerStatuses } = status;
  return {
    ...(phase !== undefined && { phase }),
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    ...(podIP !== undefined && { podIP }),
    ...(hostIP !== undefined && { hostIP }),
    ...(conditions && { conditions }),
    ...(containerStatuses && { containerStatuses }),
  };
}
