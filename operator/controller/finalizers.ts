import { ApiError, isNotFound } from '../runtime/kube/api-error.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { KubeObject } from '../runtime/kube/objects.ts';
import { refOf } from '../runtime/kube/resource.ts';
import type { Resource } from '../runtime/kube/resource.ts';

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** Adds the finalizer, if nobody has written the object meanwhile; else throws ApiError 409. */
export async function addFinalizer<T extends KubeObject>(
  kube: KubeClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  signal: AbortSignal,
): Promise<T> {
  return await write(kube, resource, object, [...(object.metadata.finalizers ?? []), finalizer], signal);
}

/** Takes the finalizer away; undefined when the object is gone. Throws ApiError 409 when somebody wrote it meanwhile. */
export async function removeFinalizer<T extends KubeObject>(
  kube: KubeClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const left = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  try {
    return await write(kube, resource, object, left, signal);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Takes the finalizer away in one request, whatever else was written meanwhile. False: the finalizers are not as
 * `object` has them any more, and nothing was changed.
 */
export async function dropFinalizer<T extends KubeObject>(
  kube: KubeClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `/metadata/finalizers/${object.metadata.finalizers?.indexOf(finalizer) ?? -1}`;
  const body = [
    { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
    { op: 'test', path, value: finalizer },
    { op: 'remove', path },
  ];
  try {
    await kube.patch(resource, refOf(object), { type: 'json', body }, { signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    // A test that fails makes the patch an invalid one.
    if (error instanceof ApiError && error.status === 422) return false;
    throw error;
  }
}

async function write<T extends KubeObject>(
  kube: KubeClient,
  resource: Resource<T>,
  object: T,
  finalizers: string[],
  signal: AbortSignal,
): Promise<T> {
  const { uid, resourceVersion } = object.metadata;
  const body = { metadata: { uid, resourceVersion, finalizers } };
  return await kube.patch(resource, refOf(object), { type: 'merge', body }, { signal });
}
