import { MAX_DURATION_ANNOTATION } from '../crd/names.ts';
import { isNotFound } from '../runtime/kube/api-error.ts';
import { refOf } from '../runtime/kube/resource.ts';
import { PODS } from './kube-objects.ts';
import { isStopping } from './pass.ts';
import type { Pass } from './pass.ts';
import { partsOf } from './parts.ts';
import type { World } from './world.ts';

/**
 * Tells the recorder of a maximum duration that has changed: its pod's annotation appears in a file that the recorder
 * looks at. How soon is the kubelet's to say; until then the controller ends the recording itself.
 */
export async function tellMaxDuration(pass: Pass, world: World): Promise<void> {
  const { pod, recording, signal } = pass;
  const told = pod?.metadata.annotations?.[MAX_DURATION_ANNOTATION];
  const seconds = String(recording.spec.maxDurationSeconds);
  // A pod made before there was the annotation has no such file either.
  if (!pod || told === undefined || told === seconds) return;
  if (pod.metadata.deletionTimestamp !== undefined || isStopping(pass)) return;
  const body = { metadata: { uid: pod.metadata.uid, annotations: { [MAX_DURATION_ANNOTATION]: seconds } } };
  try {
    world.pods.observe(await world.kube.patch(PODS, refOf(pod), { type: 'merge', body }, { signal }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Whether the recorder ends by itself when the recording's time is up: its own guard comes first then. */
export function knowsItsEnd(pass: Pass): boolean {
  // A recorder that took another's place counts from its own beginning.
  if (partsOf(pass).length > 0) return false;
  return pass.live?.maxDurationSeconds === pass.recording.spec.maxDurationSeconds;
}
