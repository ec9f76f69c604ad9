import { REASONS } from '../../crd/reasons.ts';
import type { Reason } from '../../crd/reasons.ts';
import type { RecorderResult } from '../../../recorder-image/contract/result.ts';
import { fail, isStopping, lookAgainIn, settle } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { endPushOrTryLater } from '../end-push.ts';
import type { World } from '../world.ts';

/** Takes over the recorder's result, and with it ends the recording. */
export async function collect(pass: Pass, world: World): Promise<Verdict> {
  const { status, recorder } = pass;
  if (status.isTerminal) return 'next';
  switch (recorder?.is) {
    case undefined:
      // Told to stop before there was a pod.
      if (isStopping(pass)) fail(pass, 'NothingReceived');
      break;
    case 'ended':
      take(pass, recorder.result, world);
      break;
    case 'lost':
      lose(pass, recorder.how, recorder.message);
      break;
    case 'retrying-upload':
      waitForStore(pass, recorder.result, world);
      break;
    case 'starting':
    case 'listening':
      break;
  }
  if (status.isTerminal) await endPushOrTryLater(pass, world);
  return 'next';
}

function take(pass: Pass, result: RecorderResult, world: World): void {
  const { status } = pass;
  if (result.startedAt !== undefined) status.value.startedAt = result.startedAt;
  if (result.stoppedAt !== undefined) status.value.stoppedAt = result.stoppedAt;
  if (result.durationSeconds !== undefined) status.value.durationSeconds = result.durationSeconds;
  const reason = reasonOf(pass, result);
  if (result.outcome === 'failed') {
    const asked = world.pushRequests.of(pass.recording.metadata.uid).lastError;
    const why = reason === 'NoPublisher' && asked !== undefined ? `; Agora: ${asked}` : '';
    fail(pass, reason, result.error.message + why);
    return;
  }
  const { bucket, key, url, sizeBytes, format, checksum } = result;
  status.value.file = { bucket, key, url, sizeBytes, format, ...(checksum !== undefined && { checksum }) };
  status.say('Completed', reason, REASONS[reason]);
  status.value.completedAt = status.now;
  settle(pass);
  status.set('Uploaded', 'True', 'FileStored', url);
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
    case 'MaxDurationReached':
    case 'PublisherLost':
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

function isReason(text: string | undefined): text is Reason {
  return text !== undefined && text in REASONS;
}

function lose(pass: Pass, how: 'failed' | 'gone', message: string): void {
  const heard = pass.status.value.startedAt !== undefined;
  // Nobody wanted it any more and nothing had come: that is not a loss.
  if (isStopping(pass) && !heard) fail(pass, 'NothingReceived');
  else fail(pass, how === 'gone' ? 'RecorderLost' : 'RecorderFailed', message);
}

/** The file is safe in the spool, and the recorder tries again: it gets a time to be helped. */
function waitForStore(pass: Pass, result: RecorderResult, world: World): void {
  if (!isStopping(pass) || result.outcome !== 'failed') return;
  const { status } = pass;
  const { message } = result.error;
  status.set('Uploaded', 'False', 'UploadFailed', message);
  status.say('Stopping', 'UploadFailed', message);
  const since = Date.parse(status.condition('Uploaded')?.lastTransitionTime ?? status.now);
  const leftMs = since + world.config.uploadRetrySeconds * 1000 - pass.nowMs;
  if (leftMs <= 0) take(pass, result, world);
  else lookAgainIn(pass, leftMs);
}
