import { AgoraError } from '../agora/agora-error.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { CONVERTER_PREFIX } from '../crd/names.ts';
import { lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import { PushBusyError } from './push-busy.ts';
import type { World } from './world.ts';

const RETRY_MS = 5000;

/** The name under which Agora knows a recording's push: whoever comes later finds it by this. */
export function converterName(recording: MeetingRecording): string {
  return `${CONVERTER_PREFIX}${recording.metadata.uid}`;
}

/**
 * Ends the recording's push, also one that the status knows nothing of because its maker died in between. Harmless to
 * repeat. Throws AgoraError, or PushBusyError.
 */
export async function endPush(recording: MeetingRecording, world: World, signal: AbortSignal): Promise<void> {
  const { agora } = recording.spec.source;
  if (!agora || !world.push) return;
  const memory = world.pushRequests.of(recording.metadata.uid);
  if (memory.ended) return;
  const known = recording.status?.agora?.converterId;
  const id = known ?? (await world.push.findByName(converterName(recording), agora.channel, signal))?.id;
  if (id !== undefined) {
    await world.push.stop(agora.region, id, signal);
    if (recording.status?.agora?.state !== 'ended') world.admission.pushEnded(recording.metadata.uid);
  }
  memory.ended = true;
}

/** The same, for a pass that has more to do: an Agora that does not answer must not keep the file from its end. */
export async function endPushOrTryLater(pass: Pass, world: World): Promise<void> {
  const { status, recording } = pass;
  if (!recording.spec.source.agora) return;
  const memory = world.pushRequests.of(recording.metadata.uid);
  try {
    await endPush(recording, world, pass.signal);
    memory.turnSinceMs = undefined;
    if (status.value.agora) status.value.agora = { ...status.value.agora, state: 'ended' };
  } catch (error) {
    if (error instanceof PushBusyError) {
      memory.turnSinceMs ??= world.clock.monotonic();
      error.comeBack(pass);
      return;
    }
    if (!(error instanceof AgoraError)) throw error;
    memory.turnSinceMs = undefined;
    world.log.warn({ key: pass.key, error: error.message }, 'the push could not be ended, trying again');
    lookAgainIn(pass, RETRY_MS);
  }
}

/** Whether the push has not had its turn to be ended yet; for `patienceMs` milliseconds it is waited for. */
export function waitsToBeEnded(pass: Pass, world: World, patienceMs: number): boolean {
  const { spec, metadata } = pass.recording;
  const since = spec.source.agora && world.pushRequests.of(metadata.uid).turnSinceMs;
  if (since === undefined) return false;
  const leftMs = since + patienceMs - world.clock.monotonic();
  if (leftMs > 0) lookAgainIn(pass, leftMs);
  return leftMs > 0;
}
