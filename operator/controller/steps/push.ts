import { AgoraError } from '../../agora/agora-error.ts';
import type { Converter, MediaPush, PushRequest } from '../../agora/media-push.ts';
import type { Reason } from '../../crd/reasons.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import { deriveStreamKey } from '../../crd/stream-key.ts';
import { fail, isOver, isUnwanted, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { converterName } from '../end-push.ts';
import { heedNews, isChannelLeft, isPushOver } from '../push-news.ts';
import { PushBusyError } from '../push-busy.ts';
import { SPACING_MS, canvasOf, isMadeTooEarly, rearrange, wantedLayout } from '../push-picture.ts';
import type { PushMemory } from '../push-requests.ts';
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
  if (isChannelLeft(pass.recording, status.value)) return 'next';
  heedNews(pass, world);
  const memory = world.pushRequests.of(pass.recording.metadata.uid);
  if (isMadeAnew(pass, memory)) memory.notBeforeMs = 0;
  if (status.is('Receiving')) delete status.value.agora?.missedAt;
  const waitMs = memory.notBeforeMs - world.clock.monotonic();
  if (waitMs > 0) lookAgainIn(pass, waitMs);
  else
    try {
      await see(pass, world, world.push);
      memory.failures = 0;
      memory.lastError = undefined;
    } catch (error) {
      if (error instanceof PushBusyError) return busy(pass, error);
      if (!(error instanceof AgoraError)) throw error;
      return refused(pass, world, error);
    }
  await rearrange(pass, world, world.push);
  return 'next';
}

/** Sees to it that there is a push, and that it is the right one. */
async function see(pass: Pass, world: World, push: MediaPush): Promise<void> {
  const { status } = pass;
  const memory = world.pushRequests.of(pass.recording.metadata.uid);
  if (isMadeAnew(pass, memory)) {
    memory.madeAnew = true;
    const { region = 'eu' } = pass.recording.spec.source.agora ?? {};
    try {
      await push.stop(region, status.value.agora?.converterId ?? '', pass.signal);
    } catch (error) {
      memory.madeAnew = !(error instanceof PushBusyError);
      throw error;
    }
    delete status.value.agora;
  }
  const known = status.value.agora;
  if (known === undefined || isPushOver(status.value)) await start(pass, world, push);
  else if (!status.is('Receiving') || known.state === 'connecting') await check(pass, world, push);
}

function isMadeAnew(pass: Pass, memory: PushMemory): boolean {
  return memory.madeAnew !== true && memory.failures === 0 && isMadeTooEarly(pass);
}

async function start(pass: Pass, world: World, push: MediaPush): Promise<void> {
  const asked = request(pass, world);
  const converter = await push.start(asked, pass.signal);
  world.admission.pushGranted(pass.recording);
  const memory = world.pushRequests.of(pass.recording.metadata.uid);
  memory.ended = false;
  pass.status.value.agora = {
    converterId: converter.id,
    state: converter.state,
    ...pictureOf(pass, asked, converter),
  };
  // An adopted push may have been sent to its new address just now, which counts as a change.
  memory.mayChangeAtMs = world.clock.monotonic() + SPACING_MS;
  const message = 'Agora pushes the meeting; its media has not arrived yet';
  if (pass.status.value.startedAt === undefined) pass.status.say('Starting', 'WaitingForPublisher', message);
  pause(pass, world, POLL_MS);
}

/** What is known of the picture of a push that was made or found. */
function pictureOf(
  pass: Pass,
  asked: PushRequest,
  converter: Converter,
): Pick<NonNullable<MeetingRecordingStatus['agora']>, 'layout' | 'shown'> {
  const wanted = pass.recording.spec.source.agora?.layout ?? 'auto';
  if (wanted === 'auto') return {};
  if (converter.hasLayout !== true || asked.layout === undefined) return { layout: 'auto' };
  // Who is in the picture of one that was found is not known: it is told anew.
  return { layout: wanted, ...(converter.isNew === true && { shown: asked.layout.map(({ uid }) => uid) }) };
}

/** While nothing arrives, Agora is asked how the push is doing; one that has failed or gone is replaced. */
async function check(pass: Pass, world: World, push: MediaPush): Promise<void> {
  const { agora } = pass.recording.spec.source;
  const known = pass.status.value.agora;
  if (!agora || !known) return;
  const memory = world.pushRequests.of(pass.recording.metadata.uid);
  const converter = await push.get(agora.region, known.converterId, pass.signal);
  memory.missing = converter ? 0 : memory.missing + 1;
  const isGone = memory.missing >= MISSING_LIMIT;
  if (converter?.state === 'failed' || isGone) {
    await start(pass, world, push);
    memory.missing = 0;
    const { agora: made } = pass.status.value;
    if (isGone && made) pass.status.value.agora = { ...made, missedAt: pass.status.now };
    return;
  }
  if (converter) pass.status.value.agora = { ...known, state: converter.state };
  // It pushes, so somebody is there: nothing is known of why it does not arrive.
  if (converter?.state === 'running') delete pass.status.value.agora?.missedAt;
  pause(pass, world, POLL_MS);
}

/** Nothing was asked, so nothing has failed: it is asked when others have their answers. */
function busy(pass: Pass, error: PushBusyError): Verdict {
  const { status } = pass;
  if (status.value.startedAt === undefined && status.value.agora === undefined)
    status.say('Starting', 'RequestingPush', 'Agora is asked for the push after those who came first');
  error.comeBack(pass);
  return 'next';
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
  const message = `Agora has no room for another push: ${error.message}`;
  status.say('Pending', 'ProviderQuotaExceeded', message);
  status.set('Admitted', 'False', 'ProviderQuotaExceeded', message);
  status.set('RecorderReady', 'False', 'ProviderQuotaExceeded', message);
  status.value.attempt = (status.value.attempt ?? 1) + 1;
  status.value.attemptsRefused = (status.value.attemptsRefused ?? 0) + 1;
  delete status.value.podName;
  delete status.value.nodeName;
  delete status.value.ingest;
  delete status.value.agora;
  world.admission.pushRefused(pass.key, pass.recording);
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
  const key = deriveStreamKey(world.config.masterKey, recording.metadata.uid);
  const layout = wantedLayout(recording);
  return {
    name: converterName(recording),
    channel: agora?.channel ?? '',
    region: agora?.region ?? 'eu',
    rtmpUrl: `${status.value.ingest?.url ?? ''}/${key}`,
    ...canvasOf(recording),
    fps: recording.spec.output.fps,
    bitrateKbps: recording.spec.output.bitrateKbps,
    ...(layout !== undefined && { layout }),
    ...(agora?.audioOnly === true && { audioOnly: true }),
    ...(agora?.streamUid !== undefined && { rawStreamUid: agora.streamUid }),
  };
}
