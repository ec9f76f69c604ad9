import { STOP_REASON_ANNOTATION } from '../../crd/names.ts';
import { REASONS } from '../../crd/reasons.ts';
import type { Reason } from '../../crd/reasons.ts';
import { endPushOrTryLater } from '../end-push.ts';
import { hasEnded, isDeleted, isStopping, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { RECORDER_CONTAINER } from '../recorder-pod.ts';
import { deletePod } from '../release-pod.ts';
import type { World } from '../world.ts';
import { isFinishing } from './watch.ts';

/** Seconds that the recorder's own guard gets to end the recording by itself. */
const GUARD_SECONDS = 10;

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
    status.say('Stopping', reason, REASONS[reason]);
    if (status.value.startedAt !== undefined) status.value.stoppedAt ??= status.now;
    lookAgainIn(pass, 0);
    return 'end';
  }
  await endPushOrTryLater(pass, world);
  // A recorder that is at it already would only be given less time.
  const atIt = isFinishing(pass.live) || pass.recorder?.is === 'retrying-upload';
  if (pass.pod && !hasEnded(pass) && !atIt) await deletePod(pass.pod, world, pass.signal);
  if (pass.pod?.metadata.deletionTimestamp !== undefined) lookAgainIn(pass, 60_000);
  return 'next';
}

function whyStop(pass: Pass): Reason | undefined {
  const { recording, status, live, pod } = pass;
  const { spec, metadata } = recording;
  if (isDeleted(pass)) return 'Deleted';
  if (spec.desiredState === 'Stopped')
    return metadata.annotations?.[STOP_REASON_ANNOTATION] === 'MeetingEnded'
      ? 'MeetingEnded'
      : 'StopRequested';
  // One that is removed by force has no time to save its file: what becomes of it is waited for.
  if (pod?.metadata.deletionTimestamp !== undefined)
    return pod.metadata.deletionGracePeriodSeconds === 0 ? undefined : 'Drained';
  const { startedAt } = status.value;
  if (isFinishing(live) || pass.recorder?.is === 'retrying-upload') {
    const full = (live?.durationSeconds ?? 0) >= spec.maxDurationSeconds - 1;
    return full ? 'MaxDurationReached' : 'RecorderFinishing';
  }
  if (startedAt === undefined) return undefined;
  // The recorder ends by itself at the duration that it was made with; a shorter one is only known here.
  const guard = guardedSeconds(pass) === spec.maxDurationSeconds ? GUARD_SECONDS : 0;
  const endMs = Date.parse(startedAt) + (spec.maxDurationSeconds + guard) * 1000;
  if (pass.nowMs >= endMs) return 'MaxDurationReached';
  lookAgainIn(pass, endMs - pass.nowMs);
  return undefined;
}

/** The maximum duration that the recorder was given. */
function guardedSeconds(pass: Pass): number {
  const container = pass.pod?.spec.containers.find(({ name }) => name === RECORDER_CONTAINER);
  return Number(container?.env?.find(({ name }) => name === 'RECORDING_MAX_DURATION')?.value);
}
