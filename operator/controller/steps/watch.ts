import { REASONS } from '../../crd/reasons.ts';
import { hasEnded, isStopping } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { earlierSeconds } from '../parts.ts';
import { hostPart } from '../ingest-address.ts';
import type { Pod } from '../kube-objects.ts';
import { laterTermination, terminationInPlace } from '../last-termination.ts';
import type { LiveStatus } from '../live-status.ts';
import { tellMaxDuration } from '../max-duration.ts';
import { noteResumption } from '../received-media.ts';
import type { World } from '../world.ts';

/** Milliseconds without an answer, where one is due every 15 s, after which a recorder counts as silent. */
const SILENCE_MS = 25_000;
/** Milliseconds for the first answer to a controller that has just begun to ask: that one is due at once. */
const FIRST_ANSWER_MS = 4000;

/** Follows what the recorder says of itself, from its first to its last word. */
export async function watch(pass: Pass, world: World): Promise<Verdict> {
  const { key, pod, status, live } = pass;
  if (status.isTerminal || hasEnded(pass) || !pod) {
    world.watchers.drop(key);
    delete status.value.recorderUrl;
    return 'next';
  }
  const address = pod.status?.podIP;
  // Also a recorder that is not ready any more: one that finishes its file tells how far it is.
  if (address !== undefined && status.value.ingest) {
    status.value.recorderUrl = `http://${hostPart(address)}:${world.config.recorder.httpPort}`;
    world.watchers.follow(key, status.value.recorderUrl);
  }
  if (live && !isSilent(pass, world)) tell(pass, live, pod);
  await tellMaxDuration(pass, world);
  return 'next';
}

/** Its node does not answer, and neither does the recorder: what it said last is not how things stand. */
export function isSilent(pass: Pass, world: World): boolean {
  return pass.recorder?.is === 'unreachable' && !isHeard(pass, world);
}

/** Whether it has answered when it should have, as far as it has been asked. */
export function isHeard(pass: Pass, world: World): boolean {
  const limitMs = pass.live ? SILENCE_MS : FIRST_ANSWER_MS;
  return (world.watchers.silentMs(pass.key) ?? 0) <= limitMs;
}

/** The recorder is finishing by itself or because it was told to. */
export function isFinishing(live: LiveStatus | undefined): boolean {
  return live?.state === 'finishing' || live?.state === 'uploading' || live?.state === 'done';
}

function tell(pass: Pass, live: LiveStatus, pod: Pod): void {
  const { status } = pass;
  const termination = laterTermination(status.value.lastTermination, terminationInPlace(live, pod));
  if (termination) status.value.lastTermination = termination;
  if (live.startedAt !== undefined) {
    status.value.startedAt ??= live.startedAt;
    noteResumption(pass, live.startedAt);
  }
  if (live.durationSeconds) status.value.durationSeconds = earlierSeconds(pass) + live.durationSeconds;
  if (isFinishing(live)) {
    for (const type of ['RecorderReady', 'Receiving'] as const)
      status.set(type, 'False', 'RecorderFinishing', REASONS.RecorderFinishing);
    if (live.lastMediaAt !== undefined) status.value.stoppedAt = live.lastMediaAt;
    if (isStopping(pass) && live.message !== undefined) status.value.message = live.message;
  } else if (pass.recorder?.is === 'starting' && status.value.startedAt !== undefined) {
    // What it said before it died is not how things are; as long as it is wanted, the look at its pod has told why.
    if (isStopping(pass)) status.set('Receiving', 'False', 'RecorderStarting', REASONS.RecorderStarting);
  } else if (live.state === 'recording') {
    status.set('Receiving', 'True', 'Receiving', REASONS.Receiving);
    if (!isStopping(pass)) status.say('Recording', 'Receiving', REASONS.Receiving);
  } else if (live.state === 'reconnecting') {
    status.set('Receiving', 'False', 'Reconnecting', REASONS.Reconnecting);
    if (!isStopping(pass)) status.say('Recording', 'Reconnecting', REASONS.Reconnecting);
  } else if (live.state === 'waiting') {
    status.set('Receiving', 'False', 'WaitingForPublisher', REASONS.WaitingForPublisher);
  }
}
