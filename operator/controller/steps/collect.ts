import { REASONS } from '../../crd/reasons.ts';
import type { Reason } from '../../crd/reasons.ts';
import type { RecorderResult } from '../../../recorder-image/contract/result.ts';
import type { RecordingFile } from '../../crd/status.ts';
import { tellCompleteness } from '../completeness.ts';
import { endPushOrTryLater } from '../end-push.ts';
import {
  addPart,
  continueElsewhere,
  earlierSeconds,
  isSalvaging,
  mayContinue,
  partsOf,
  salvagedFiles,
  salvagedSeconds,
} from '../parts.ts';
import { endConditions, fail, isStopping, lookAgainIn, settle } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { ownResult } from '../own-result.ts';
import { uploadGivenUpAtMs } from '../patience.ts';
import { reasonMessage } from '../reason-message.ts';
import { ownPlace } from '../recording-place.ts';
import { noteResumption } from '../received-media.ts';
import type { RecorderState } from '../recorder-state.ts';
import { deletePod } from '../release-pod.ts';
import { resultFiles } from '../result-files.ts';
import type { World } from '../world.ts';

/** The most files that a status holds; the manifest has all. */
const MAX_FILES = 100;

/** Takes over the recorder's result, and with it ends the recording. */
export async function collect(pass: Pass, world: World): Promise<Verdict> {
  const { status, recorder } = pass;
  if (status.isTerminal) return 'next';
  switch (recorder?.is) {
    case undefined:
      // Told to stop before there was a pod, or between one and the next.
      if (isStopping(pass)) conclude(pass, 'NothingReceived', REASONS.NothingReceived);
      break;
    case 'ended':
      if (hadToGoUnheard(pass, recorder.result)) continueElsewhere(pass, world, 'The recorder had to go');
      else take(pass, recorder.result, world);
      break;
    case 'lost':
      await lose(pass, recorder, world);
      break;
    case 'retrying-upload':
      waitForStore(pass, recorder.result, world);
      break;
    case 'starting':
    case 'unreachable':
    case 'listening':
      break;
  }
  if (status.isTerminal) await endPushOrTryLater(pass, world);
  return 'next';
}

/** Its node was drained before any media came: nothing is cut in two when another recorder waits for it. */
function hadToGoUnheard(pass: Pass, { reason }: RecorderResult): boolean {
  if (reason !== 'NothingReceived' || isStopping(pass) || pass.status.value.startedAt !== undefined)
    return false;
  return pass.pod?.metadata.deletionTimestamp !== undefined && mayContinue(pass);
}

function take(pass: Pass, claim: RecorderResult, world: World): void {
  const { status } = pass;
  const { result, refused } = ownResult(claim, ownPlace(pass.recording, status.value, world.config.recorder));
  // From here on, nobody sees the claim.
  if (pass.recorder && 'result' in pass.recorder) pass.recorder = { ...pass.recorder, result };
  const reason = reasonOf(pass, result);
  if (isSalvaging(pass)) {
    waitForParts(pass, reason);
    return;
  }
  if (refused !== undefined) world.warn(pass.recording, 'ForeignFile', refused);
  const earlier = partsOf(pass).length > 0;
  if (result.startedAt !== undefined && !earlier) status.value.startedAt = result.startedAt;
  if (result.startedAt !== undefined) noteResumption(pass, result.startedAt);
  if (result.stoppedAt !== undefined) status.value.stoppedAt = result.stoppedAt;
  if (result.durationSeconds !== undefined)
    status.value.durationSeconds = earlierSeconds(pass) + result.durationSeconds;
  if (result.outcome === 'completed') {
    const files = [...salvagedFiles(pass), ...resultFiles(result)];
    complete(pass, reason, files, reasonMessage(reason, pass.pod));
    return;
  }
  const asked = world.pushRequests.of(pass.recording.metadata.uid).lastError;
  const why = reason === 'NoPublisher' && asked !== undefined ? `; Agora: ${asked}` : '';
  conclude(pass, reason, result.error.message + why);
}

/** The end of a recording whose last recorder leaves no file: there may be one of those before it. */
function conclude(pass: Pass, reason: Reason, message: string): void {
  if (isSalvaging(pass)) {
    waitForParts(pass, reason);
    return;
  }
  const files = salvagedFiles(pass);
  if (files.length === 0) {
    fail(pass, reason, message);
    return;
  }
  pass.status.value.durationSeconds = salvagedSeconds(pass);
  complete(pass, 'Salvaged', files, `${REASONS.Salvaged} ${message}`);
}

function complete(pass: Pass, reason: Reason, files: readonly RecordingFile[], message: string): void {
  const { status } = pass;
  const [first] = files;
  if (!first) return;
  status.value.file = first;
  if (files.length > 1) status.value.files = files.slice(0, MAX_FILES);
  const missing = tellCompleteness(pass);
  status.say('Completed', reason, missing === undefined ? message : `${message} ${missing}`);
  status.value.completedAt = status.now;
  settle(pass);
  status.set('Uploaded', 'True', 'FileStored', first.url);
}

function waitForParts(pass: Pass, reason: Reason): void {
  const { status } = pass;
  const message = 'The recording has ended; what a lost recorder had stored is being saved';
  endConditions(pass);
  status.say('Stopping', isStopping(pass) ? storedReason(pass, reason) : reason, message);
}

function storedReason(pass: Pass, fallback: Reason): Reason {
  const stored = pass.recording.status?.reason;
  return isReason(stored) ? stored : fallback;
}

/** The recorder knows only of SIGTERM; why it was sent stands in the status. */
function reasonOf(pass: Pass, result: RecorderResult): Reason {
  switch (result.reason) {
    case 'Stopped': {
      const told = isStopping(pass) ? pass.recording.status?.reason : undefined;
      return isReason(told) && !OWN_REASONS.has(told) ? told : 'Drained';
    }
    case 'BadConfiguration':
      return 'RecorderMisconfigured';
    case 'Internal':
      return 'RecorderFailed';
    case 'PublisherLost':
      // Agora had ended the push by itself, and had nothing to push when it was asked again: the channel is empty.
      return pass.status.value.agora?.missedAt === undefined ? 'PublisherLost' : 'MeetingEnded';
    case 'Salvaged':
    case 'MaxDurationReached':
    case 'DiskFull':
    case 'NoPublisher':
    case 'NothingReceived':
    case 'UploadFailed':
      return result.reason;
    default:
      return result.reason satisfies never;
  }
}

/** Reasons of a stop that nobody asked for: SIGTERM came from elsewhere. */
const OWN_REASONS = new Set<Reason>(['RecorderFinishing', 'UploadFailed']);

/** Reasons of a stop that is the pod's, not the recording's. */
const UNASKED_REASONS = new Set(['RecorderFinishing', 'Drained']);

function isReason(text: string | undefined): text is Reason {
  return text !== undefined && text in REASONS;
}

/** A recorder that was lost with its pod is replaced while somebody wants the recording to go on. */
async function lose(
  pass: Pass,
  recorder: Extract<RecorderState, { is: 'lost' }>,
  world: World,
): Promise<void> {
  const { how, message } = recorder;
  const earlier = partsOf(pass).length > 0;
  const heard = pass.status.value.startedAt !== undefined;
  // One that was told to go, and had no time to save its file, was not stopped by anybody who wanted an end.
  const stopped = isStopping(pass) && !UNASKED_REASONS.has(pass.recording.status?.reason ?? '');
  // Nobody wanted it any more and nothing had come: that is not a loss.
  if (stopped && !heard && !earlier) {
    fail(pass, 'NothingReceived');
    return;
  }
  const goesOn = how === 'gone' && !stopped && mayContinue(pass);
  const neverListened = !heard && pass.status.value.ingest === undefined;
  const neverRan = neverListened || (pass.pod !== undefined && pass.pod.spec.nodeName === undefined);
  // What was never heard may have stored something all the same, unless there was never anything to hear.
  if ((heard || goesOn || earlier) && !neverRan) addPart(pass, world, message);
  if (goesOn) {
    continueElsewhere(pass, world, message);
    return;
  }
  // One that is started again and again must not write while its part is saved.
  if (how === 'failed' && pass.pod) await deletePod(pass.pod, world, pass.signal);
  const givenUp = isStopping(pass) && pass.recording.status?.reason === 'UploadFailed';
  const lost = how === 'gone' ? 'RecorderLost' : 'RecorderFailed';
  conclude(pass, givenUp ? 'UploadFailed' : lost, message);
}

/** The file is safe in the spool, and the recorder tries again: it gets a time to be helped. */
function waitForStore(pass: Pass, result: RecorderResult, world: World): void {
  if (!isStopping(pass) || result.outcome !== 'failed') return;
  const { status } = pass;
  const { message } = result.error;
  status.set('Uploaded', 'False', 'UploadFailed', message);
  status.say('Stopping', 'UploadFailed', message);
  // It receives nothing any more, and its container waits for its next try.
  endConditions(pass);
  const since = Date.parse(status.condition('Uploaded')?.lastTransitionTime ?? status.now);
  const leftMs = uploadGivenUpAtMs(pass, world, since) - pass.nowMs;
  if (leftMs <= 0) take(pass, result, world);
  else lookAgainIn(pass, leftMs);
}
