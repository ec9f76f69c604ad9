import { AgoraError } from '../../agora/agora-error.ts';
import { RECORDING_FINALIZER } from '../../crd/names.ts';
import { isNotFound } from '../../runtime/kube/api-error.ts';
import { refOf } from '../../runtime/kube/resource.ts';
import { endPush } from '../end-push.ts';
import { hasFinalizer, removeFinalizer } from '../finalizers.ts';
import { MEETING_RECORDINGS, ownerUid } from '../kube-objects.ts';
import { isDeleted, isFinished, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { PushBusyError } from '../push-busy.ts';
import { stuckInMs } from '../recorder-state.ts';
import { releasePod } from '../release-pod.ts';
import { salvagedAttempt } from '../salvage-pod.ts';
import { POD_RECORDING } from '../world.ts';
import type { World } from '../world.ts';

/** Seconds after the end for which Agora is asked to end the push; its own idle timeout does so afterwards. */
const PUSH_PATIENCE_SECONDS = 600;
const RETRY_MS = 10_000;

/** Leaves nothing behind of a finished recording but the object, and that only as long as it was asked to stay. */
export async function retain(pass: Pass, world: World): Promise<Verdict> {
  const { recording } = pass;
  if (!isFinished(pass)) {
    if (pass.status.isTerminal) lookAgainIn(pass, 0);
    return 'end';
  }
  world.hostPorts.forgetAllOf(recording.metadata.name);
  // Also one that the cache has only just heard of, for a recording that was finished without it.
  const salvagers = world.pods.store
    .byIndex(POD_RECORDING, pass.key)
    .filter((pod) => salvagedAttempt(pod) !== undefined && ownerUid(pod) === recording.metadata.uid);
  for (const pod of [...(pass.pod ? [pass.pod] : []), ...salvagers]) {
    await releasePod(pod, world, pass.signal);
    if (pod.metadata.deletionTimestamp !== undefined) lookAgainIn(pass, stuckInMs(pod, pass.nowMs));
  }
  if (hasFinalizer(recording, RECORDING_FINALIZER)) {
    if (!(await pushIsEnded(pass, world))) return 'end';
    // First the object tells of it: without the finalizer it may be gone, or never looked at again.
    if (pass.status.value.agora?.state !== recording.status?.agora?.state && !isDeleted(pass)) {
      lookAgainIn(pass, 0);
      return 'end';
    }
    const { kube } = world;
    const left = await removeFinalizer(kube, MEETING_RECORDINGS, recording, RECORDING_FINALIZER, pass.signal);
    if (left) {
      pass.recording = left;
      world.recordings.observe(left);
    }
    world.pushRequests.forget(recording.metadata.uid);
  }
  if (!isDeleted(pass)) await expire(pass, world);
  return 'end';
}

async function pushIsEnded(pass: Pass, world: World): Promise<boolean> {
  try {
    await endPush(pass.recording, world, pass.signal);
    const { agora } = pass.status.value;
    if (agora) pass.status.value.agora = { ...agora, state: 'ended' };
    return true;
  } catch (error) {
    if (error instanceof PushBusyError) {
      error.comeBack(pass);
      return false;
    }
    if (!(error instanceof AgoraError)) throw error;
    const endedMs = Date.parse(pass.recording.status?.completedAt ?? '');
    if (error.disposition !== 'permanent' && pass.nowMs < endedMs + PUSH_PATIENCE_SECONDS * 1000) {
      lookAgainIn(pass, RETRY_MS);
      return false;
    }
    if (neverPushed(pass, error)) return true;
    world.warn(
      pass.recording,
      'PushNotEnded',
      `Agora did not end the push, which ends by itself when idle: ${error.message}`,
    );
    return true;
  }
}

/**
 * That the status tells of no push proves nothing: its maker may have died before it could write it down, or the next
 * recorder never came so far. But one was never asked for without an address, and none was made where Agora refuses all.
 */
function neverPushed({ recording }: Pass, { disposition }: AgoraError): boolean {
  const { agora, startedAt, ingest, parts = [] } = recording.status ?? {};
  if (agora !== undefined || startedAt !== undefined || parts.length > 0) return false;
  return ingest === undefined || disposition === 'permanent';
}

async function expire(pass: Pass, world: World): Promise<void> {
  const { recording, nowMs, signal } = pass;
  const endedMs = Date.parse(recording.status?.completedAt ?? recording.metadata.creationTimestamp);
  const leftMs = endedMs + recording.spec.ttlSecondsAfterFinished * 1000 - nowMs;
  if (leftMs > 0) {
    lookAgainIn(pass, leftMs);
    return;
  }
  try {
    await world.kube.delete(MEETING_RECORDINGS, refOf(recording), { uid: recording.metadata.uid, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
