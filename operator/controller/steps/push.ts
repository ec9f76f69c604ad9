import { AgoraError } from '../../agora/agora-error.ts';
import type { MediaPush, PushRequest } from '../../agora/media-push.ts';
import type { Reason } from '../../crd/reasons.ts';
import { deriveStreamKey } from '../../crd/stream-key.ts';
import { fail, isOver, isUnwanted, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { converterName } from '../end-push.ts';
import type { World } from '../world.ts';

/** Waits after a request that failed, in milliseconds; the last one repeats. */
const RETRY_MS = [2000, 5000, 10_000, 15_000];
/** How often Agora is asked about a push that does not arrive, in milliseconds. */
const POLL_MS = 5000;
/** 404s in a row after which the converter counts as gone: it may only be moving to another server. */
const MISSING_LIMIT = 3;

/** Has Agora push the meeting to the recorder, and sees to it that it goes on doing so. */
export async function push(pass: Pass, world: World): Promise<Verdict> {
  const { source } = pass.recording.spec;
  const { status, recorder } = pass;
  if (!source.agora || !world.push || isOver(pass) || isUnwanted(pass)) return 'next';
  if (recorder?.is !== 'listening' || !status.value.ingest) return 'next';
  const memory = world.pushRequests.of(pass.recording.metadata.uid);
  const waitMs = memory.notBeforeMs - world.clock.monotonic();
  if (waitMs > 0) {
    lookAgainIn(pass, waitMs);
    return 'next';
  }
  try {
    if (status.value.agora === undefined) await start(pass, world, world.push);
    else if (!status.is('Receiving') || status.value.agora.state === 'connecting')
      await check(pass, world, world.push);
    memory.failures = 0;
    memory.lastError = undefined;
    return 'next';
  } catch (error) {
    if (!(error instanceof AgoraError)) throw error;
    return refused(pass, world, error);
  }
}

async function start(pass: Pass, world: World, push: MediaPush): Promise<void> {
  const converter = await push.start(request(pass, world), pass.signal);
  world.gate.granted();
  pass.status.value.agora = { converterId: converter.id, state: converter.state };
  const message = 'Agora pushes the meeting; its media has not arrived yet';
  if (pass.status.value.startedAt === undefined) pass.status.say('Starting', 'WaitingForPublisher', message);
  pause(pass, world, POLL_MS);
}

/** While nothing arrives, Agora is asked how the push is doing; one that has failed or gone is replaced. */
async function check(pass: Pass, world: World, push: MediaPush): Promise<void> {
  const { agora } = pass.recording.spec.source;
  const known = pass.status.value.agora;
  if (!agora || !known) return;
  const memory = world.pushRequests.of(pass.recording.metadata.uid);
  const converter = await push.get(agora.region, known.converterId, pass.signal);
  memory.missing = converter ? 0 : memory.missing + 1;
  if (converter?.state === 'failed' || memory.missing >= MISSING_LIMIT) {
    memory.missing = 0;
    await start(pass, world, push);
    return;
  }
  if (converter) pass.status.value.agora = { ...known, state: converter.state };
  pause(pass, world, POLL_MS);
}

function refused(pass: Pass, world: World, error: AgoraError): Verdict {
  const { status } = pass;
  const memory = world.pushRequests.of(pass.recording.metadata.uid);
  memory.lastError = error.message;
  const began = status.value.startedAt !== undefined;
  // What was recorded is kept: the recorder's own patience decides when the publisher is lost.
  if (!began && error.disposition === 'permanent') {
    const reason: Reason = error.code === 'AgoraUnauthorized' ? 'AgoraUnauthorized' : 'AgoraRejected';
    fail(pass, reason, error.message);
    return 'next';
  }
  if (!began && error.disposition === 'quota') return backToTheQueue(pass, world, error);
  const wait = (error.retryAfterSeconds ?? 0) * 1000;
  const step = RETRY_MS[Math.min(memory.failures++, RETRY_MS.length - 1)] ?? 0;
  pause(pass, world, Math.max(wait, step));
  if (!began) status.say('Starting', 'RequestingPush', `Agora is asked again: ${error.message}`);
  return 'next';
}

/** No room at Agora: a recorder would only run into its time limit, so the recording gives up its slot and waits. */
function backToTheQueue(pass: Pass, world: World, error: AgoraError): Verdict {
  const { status } = pass;
  world.gate.refused();
  const message = `Agora has no room for another push: ${error.message}`;
  status.say('Pending', 'ProviderQuotaExceeded', message);
  status.set('Admitted', 'False', 'ProviderQuotaExceeded', message);
  status.set('RecorderReady', 'False', 'ProviderQuotaExceeded', message);
  status.value.attempt = (status.value.attempt ?? 1) + 1;
  delete status.value.podName;
  delete status.value.nodeName;
  delete status.value.ingest;
  world.admission.release(pass.key, pass.recording);
  world.watchers.drop(pass.key);
  lookAgainIn(pass, 0);
  return 'end';
}

function pause(pass: Pass, world: World, ms: number): void {
  world.pushRequests.of(pass.recording.metadata.uid).notBeforeMs = world.clock.monotonic() + ms;
  lookAgainIn(pass, ms);
}

function request(pass: Pass, world: World): PushRequest {
  const { recording, status } = pass;
  const { agora } = recording.spec.source;
  const [width = 1280, height = 720] = recording.spec.output.resolution.split('x').map(Number);
  const key = deriveStreamKey(world.config.masterKey, recording.metadata.uid);
  return {
    name: converterName(recording),
    channel: agora?.channel ?? '',
    region: agora?.region ?? 'eu',
    rtmpUrl: `${status.value.ingest?.url ?? ''}/${key}`,
    width,
    height,
    fps: recording.spec.output.fps,
    bitrateKbps: recording.spec.output.bitrateKbps,
  };
}
