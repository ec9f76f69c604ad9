import { REASONS } from '../crd/reasons.ts';
import type { Reason } from '../crd/reasons.ts';
import type { Pod } from './kube-objects.ts';
import { loseRecorder } from './lose-recorder.ts';
import { MAX_LOSSES, mayContinue, partsOf } from './parts.ts';
import { fail, isUnwanted, lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import { recorderStatus } from './recorder-state.ts';
import { steadyMessage } from './steady-message.ts';
import { isFinishing, isHeard } from './steps/watch.ts';
import type { World } from './world.ts';

/** How often one that is heard, though it does not listen, is looked at, in milliseconds. */
const HEARD_MS = 5000;

/** Says what keeps a recorder from listening, and gives it up in time. */
export function notReady(pass: Pass, world: World, pod: Pod): void {
  const { status, nowMs } = pass;
  const trouble = pass.recorder?.is === 'starting' ? pass.recorder.trouble : undefined;
  const reason = trouble?.reason ?? 'CreatingRecorder';
  const told = status.condition('RecorderReady')?.message;
  const news = trouble?.message ?? REASONS.CreatingRecorder;
  // A kubelet's words may have figures that change from try to try; how many nodes lack what is news.
  const message = reason === 'RecorderStarting' ? steadyMessage(told, news) : news;
  const wasListening = status.condition('RecorderReady')?.reason === 'Listening';
  const everListened = wasListening || status.value.ingest !== undefined;
  status.set('RecorderReady', 'False', reason, message);
  if (everListened) {
    isAway(pass, world, pod, { reason, message });
    return;
  }
  const replaces = status.value.startedAt !== undefined;
  if (replaces) status.say('Recording', 'RecorderReplaced', message);
  else status.say('Starting', reason, message);
  const leftMs = startDeadlineMs(pod, world) - nowMs;
  if (leftMs > 0) lookAgainIn(pass, leftMs);
  else if (isSilentOnItsNode(pod) && mayBeReplaced(pass))
    loseRecorder(pass, 'NotStarted', `The recorder did not start on the node ${pod.spec.nodeName}`);
  else giveUp(pass, message);
}

/** Of one that has listened before and is not ready nobody knows yet whether it hangs or is being started again. */
const AWAY = 'The recorder is not ready. Started again in place if need be, it goes on where it was';

/** One that has listened before is started again in place, and goes on where it was. It is not waited for without end. */
function isAway(pass: Pass, world: World, pod: Pod, why: { reason: Reason; message: string }): void {
  const { status, nowMs } = pass;
  // One that has ended by itself does not listen any more: it finishes its file.
  if (isFinishing(pass.live)) return;
  if (status.value.startedAt === undefined) status.say('Starting', why.reason, why.message);
  else {
    const isHeld = isHeldUp(pod, why.reason);
    const message = isHeld ? why.message : AWAY;
    status.set('Receiving', 'False', 'RecorderStarting', message);
    status.say('Recording', isHeld ? why.reason : 'Reconnecting', message);
  }
  const leftMs = awaySinceMs(pass, pod) + world.config.startTimeoutSeconds * 1000 - nowMs;
  if (leftMs > 0) lookAgainIn(pass, leftMs);
  else if (isAtWork(pass, world, pod)) lookAgainIn(pass, HEARD_MS);
  else if (mayBeReplaced(pass))
    loseRecorder(
      pass,
      'NotStarted',
      `The recorder did not come back on the node ${pod.spec.nodeName}: ${why.message}`,
    );
  else if (!isUnwanted(pass)) giveUp(pass, why.message);
}

/** Unix milliseconds. Of the kubelet's clock and ours the later one: it is no matter of seconds. */
function awaySinceMs({ status }: Pass, pod: Pod): number {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const ours = status.condition('RecorderReady')?.lastTransitionTime ?? status.now;
  return Math.max(Date.parse(ready?.lastTransitionTime ?? '') || 0, Date.parse(ours));
}

/** Whether it is heard, though its kubelet finds it not ready: it reads a long journal, or the probe does not reach it. */
function isAtWork(pass: Pass, world: World, pod: Pod): boolean {
  const runs = recorderStatus(pod)?.state?.running !== undefined;
  return runs && pod.status?.podIP !== undefined && isHeard(pass, world);
}

function mayBeReplaced(pass: Pass): boolean {
  const { attempt = 1, attemptsRefused = 0 } = pass.status.value;
  return mayContinue(pass) && attempt - attemptsRefused <= MAX_LOSSES;
}

/** What it, or another one before it, has stored is saved. */
function giveUp(pass: Pass, why: string): void {
  const message = `${REASONS.StartTimeout} ${why}`;
  const hasMedia = pass.status.value.startedAt !== undefined || partsOf(pass).length > 0;
  if (hasMedia) pass.recorder = { is: 'lost', how: 'failed', message };
  else fail(pass, 'StartTimeout', message);
}

/** Unix milliseconds. A container that runs listens within seconds, where its node still answers. */
function startDeadlineMs(pod: Pod, world: World): number {
  const { startTimeoutSeconds, recorderLostSeconds } = world.config;
  const deadlineMs = Date.parse(pod.metadata.creationTimestamp ?? '') + startTimeoutSeconds * 1000;
  const runsSince = recorderStatus(pod)?.state?.running?.startedAt;
  if (runsSince === undefined) return deadlineMs;
  return Math.min(deadlineMs, Date.parse(runsSince) + recorderLostSeconds * 1000);
}

/**
 * Nothing is known that would hold it up on another node too. A node that is lost before its pod was ever ready shows in
 * nothing else: the control plane takes Ready only from those that had it.
 */
function isSilentOnItsNode(pod: Pod): boolean {
  const waiting = recorderStatus(pod)?.state?.waiting?.reason;
  return pod.spec.nodeName !== undefined && (waiting === undefined || waiting === 'ContainerCreating');
}

/** What a container waits for while nothing is wrong with it but that its recorder has died. */
const USUAL_WAITS = new Set(['ContainerCreating', 'PodInitializing', 'CrashLoopBackOff']);

/** Something keeps it from being started, in its kubelet's or the scheduler's words. */
function isHeldUp(pod: Pod, reason: Reason): boolean {
  const waiting = recorderStatus(pod)?.state?.waiting?.reason;
  return reason !== 'RecorderStarting' || (waiting !== undefined && !USUAL_WAITS.has(waiting));
}
