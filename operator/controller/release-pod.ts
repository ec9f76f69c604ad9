import { RESULT_FINALIZER } from '../crd/names.ts';
import { isNotFound } from '../runtime/kube/api-error.ts';
import { refOf } from '../runtime/kube/resource.ts';
import { hasFinalizer, removeFinalizer } from './finalizers.ts';
import { PODS } from './kube-objects.ts';
import type { Pod } from './kube-objects.ts';
import type { World } from './world.ts';

/** Deletes a pod, gracefully; one that is on its way out already is left to it. */
export async function deletePod(pod: Pod, world: World, signal: AbortSignal): Promise<void> {
  if (pod.metadata.deletionTimestamp !== undefined) return;
  try {
    await world.kube.delete(PODS, refOf(pod), { uid: pod.metadata.uid, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Lets a pod go that nothing more is to be learnt from. */
export async function releasePod(pod: Pod, world: World, signal: AbortSignal): Promise<void> {
  await deletePod(pod, world, signal);
  if (!hasFinalizer(pod, RESULT_FINALIZER)) return;
  // Deleting has changed the pod, so that the cached resource version would be refused.
  const current = await world.kube.get(PODS, refOf(pod), { signal }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!current || current.metadata.uid !== pod.metadata.uid || !hasFinalizer(current, RESULT_FINALIZER))
    return;
  await removeFinalizer(world.kube, PODS, current, RESULT_FINALIZER, signal);
}
