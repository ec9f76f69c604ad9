import { RESULT_FINALIZER } from '../crd/names.ts';
import { isNotFound } from '../runtime/kube/api-error.ts';
import { refOf } from '../runtime/kube/resource.ts';
import { dropFinalizer, hasFinalizer, removeFinalizer } from './finalizers.ts';
import { PODS } from './kube-objects.ts';
import type { Pod } from './kube-objects.ts';
import { stuckInMs } from './recorder-state.ts';
import type { World } from './world.ts';

/** Deletes a pod, gracefully; one that is on its way out already is left to it. */
export async function deletePod(pod: Pod, world: World, signal: AbortSignal): Promise<void> {
  if (pod.metadata.deletionTimestamp === undefined) await deleteWith({}, pod, world, signal);
}

async function deleteWith(
  options: { gracePeriodSeconds?: number },
  pod: Pod,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  try {
    await world.kube.delete(PODS, refOf(pod), { ...options, uid: pod.metadata.uid, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/**
 * Lets a pod go that nothing more is to be learnt from. One that is stuck on a dead node is removed by force: should the
 * node come back, the recorder in it writes a file that no other recorder writes, and is killed.
 */
export async function releasePod(pod: Pod, world: World, signal: AbortSignal): Promise<void> {
  await deletePod(pod, world, signal);
  if (pod.metadata.deletionTimestamp !== undefined && stuckInMs(pod, world.clock.now()) <= 0)
    await deleteWith({ gracePeriodSeconds: 0 }, pod, world, signal);
  if (!hasFinalizer(pod, RESULT_FINALIZER)) return;
  if (await dropFinalizer(world.kube, PODS, pod, RESULT_FINALIZER, signal)) return;
  // Somebody else has changed the finalizers, or made another pod under the name.
  const current = await world.kube.get(PODS, refOf(pod), { signal }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!current || current.metadata.uid !== pod.metadata.uid || !hasFinalizer(current, RESULT_FINALIZER))
    return;
  await removeFinalizer(world.kube, PODS, current, RESULT_FINALIZER, signal);
}
