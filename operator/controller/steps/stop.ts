import { STOP_REASON_ANNOTATION } from '../../crd/names.ts';
import type { Reason } from '../../crd/reasons.ts';
import { sleep } from '../../runtime/clock.ts';
import { endPushOrTryLater, waitsToBeEnded } from '../end-push.ts';
import { hasEnded, isDeleted, isStopping, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { uploadGivenUpAtMs } from '../patience.ts';
import { knowsItsEnd } from '../max-duration.ts';
import { reasonMessage } from '../reason-message.ts';
import { recorderStatus } from '../recorder-state.ts';
import { isChannelLeft } from '../push-news.ts';
import { deletePod } from '../release-pod.ts';
import { POD_RECORDING } from '../world.ts';
import type { World } from '../world.ts';
import { isFinishing } from './watch.ts';

/** Seconds that the recorder's own guard gets to end the recording by itself. */
const GUARD_SECONDS = 10;
/** Milliseconds that Agora gets to end the push before the recorder is told to stop. */
const PUSH_HEAD_START_MS = 3000;
/** Seconds that a kubelet gets to start a container again that has died, before its pod is deleted all the same. */
const RESTART_SECONDS = 60;
const BETWEEN_STARTS_MS = 1000;
const GIVEN_UP =
  'The file could not be stored in time; the recorder has its grace period left, and is given up then';

/**
 * Ends the recording: first it is written down why, then the push is ended, then the pod is deleted, whose SIGTERM has
 * the recorder finish its file.
 */
export async function stop(pass: Pass, world: World): Promise<Verdict> {
  const { status } = pass;
  if (status.isTerminal) return 'next';
  if (!isStopping(pass)) {
    const reason = hasEnded(pass) ? undefined : whyStop(pass);
    if (!reason) return 'next';
    status.say('Stopping', reason, reasonMessage(reason, pass.pod));
    if (status.value.startedAt !== undefined) status.value.stoppedAt ??= status.now;
    lookAgainIn(pass, 0);
    return 'end';
  }
  const ending = endPushOrTryLater(pass, world);
  // An Agora that hangs must not have the recording go on meanwhile.
  const late = new AbortController();
  const waited = sleep(world.clock, PUSH_HEAD_START_MS, AbortSignal.any([pass.signal, late.signal]));
  await Promise.race([ending, waited.catch(() => undefined)]);
  late.abort();
  try {
    const isNext = !waitsToBeEnded(pass, world, PUSH_HEAD_START_MS);
    if (isNext && pass.pod && !hasEnded(pass) && mayBeDeleted(pass, world))
      await deletePod(pass.pod, world, pass.signal);
  } finally {
    await ending;
  }
  if (pass.pod?.metadata.deletionTimestamp !== undefined) lookAgainIn(pass, 60_000);
  return 'next';
}

/** A recorder that is at it already would only be given less time: it is left to it while S3 may come back. */
function mayBeDeleted(pass: Pass, world: World): boolean {
  const { recording, status } = pass;
  if (pass.recorder?.is === 'retrying-upload') return false;
  if (isBetweenStarts(pass, world)) {
    lookAgainIn(pass, BETWEEN_STARTS_MS);
    return false;
  }
  if (!isFinishing(pass.live)) return true;
  const since = status.condition('Receiving') ?? status.condition('RecorderReady');
  const sinceMs = Date.parse(since?.lastTransitionTime ?? status.now);
  const leftMs = uploadGivenUpAtMs(pass, world, sinceMs) - pass.nowMs;
  lookAgainIn(pass, leftMs);
  if (leftMs > 0) return false;
  // First it is written down that it is given up, and only then done.
  if (recording.status?.reason === 'UploadFailed') return true;
  status.say('Stopping', 'UploadFailed', GIVEN_UP);
  return false;
}

/**
 * Its container has died as a whole: the kernel kills all of one that is out of memory, and a supervisor gives a recorder
 * up that dies again and again. Its kubelet is about to start it again; in a pod that is being deleted it would not, and
 * what was recorded would go with the spool. The cache may know of that by now, when the pass does not yet.
 */
function isBetweenStarts({ pod, key, status, nowMs }: Pass, world: World): boolean {
  if (pod === undefined || status.value.startedAt === undefined) return false;
  const cached = world.pods.store
    .byIndex(POD_RECORDING, key)
    .find(({ metadata }) => metadata.uid === pod.metadata.uid);
  const { state, lastState } = recorderStatus(cached ?? pod) ?? {};
  const death = state?.terminated ?? (state?.waiting && lastState?.terminated);
  if (death?.finishedAt === undefined) return false;
  return nowMs - Date.parse(death.finishedAt) < RESTART_SECONDS * 1000;
}

function whyStop(pass: Pass): Reason | undefined {
  const { recording, status, live, pod } = pass;
  const { spec, metadata } = recording;
  if (isDeleted(pass)) return 'Deleted';
  if (spec.desiredState === 'Stopped')
    return metadata.annotations?.[STOP_REASON_ANNOTATION] === 'MeetingEnded'
      ? 'MeetingEnded'
      : 'StopRequested';
  if (isChannelLeft(recording, status.value)) return 'MeetingEnded';
  const { startedAt } = status.value;
  // One that is removed by force has no time to save its file, and one that has heard nothing has none: what becomes of
  // it is waited for.
  if (pod?.metadata.deletionTimestamp !== undefined) {
    const saves = pod.metadata.deletionGracePeriodSeconds !== 0 && startedAt !== undefined;
    return saves ? 'Drained' : undefined;
  }
  if (isFinishing(live) || pass.recorder?.is === 'retrying-upload') {
    const full = (live?.durationSeconds ?? 0) >= spec.maxDurationSeconds - 1;
    return full ? 'MaxDurationReached' : 'RecorderFinishing';
  }
  if (startedAt === undefined) return undefined;
  // The recorder ends by itself at the duration that it knows of; one that has changed may only be known here.
  const guard = knowsItsEnd(pass) ? GUARD_SECONDS : 0;
  const endMs = Date.parse(startedAt) + (spec.maxDurationSeconds + guard) * 1000;
  if (pass.nowMs >= endMs) return 'MaxDurationReached';
  lookAgainIn(pass, endMs - pass.nowMs);
  return undefined;
}
