import { secondsBefore } from '../crd/seconds-before.ts';
import type { RecordingFile, RecordingPart } from '../crd/status.ts';
import { isUnwanted, lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import { attemptKey } from './recording-place.ts';
import { receivedMedia } from './received-media.ts';
import type { World } from './world.ts';

/** Recorders that may be lost before the recording is not continued by another one. */
export const MAX_LOSSES = 3;
/** Seconds of media below which another recorder is not worth its start. */
const WORTH_SECONDS = 5;

export function partsOf(pass: Pass): readonly RecordingPart[] {
  return pass.status.value.parts ?? [];
}

export function isSalvaging(pass: Pass): boolean {
  return partsOf(pass).some(({ state }) => state === 'Salvaging');
}

/** What was saved of lost recorders, in order. */
export function salvagedFiles(pass: Pass): RecordingFile[] {
  return partsOf(pass).flatMap(({ files }) => files ?? []);
}

/** Seconds of media in what was saved of lost recorders. */
export function salvagedSeconds(pass: Pass): number {
  return seconds(partsOf(pass).filter(({ state }) => state === 'Salvaged'));
}

/** Seconds of media before the current attempt, as far as they are known. */
export function earlierSeconds(pass: Pass): number {
  return secondsBefore(pass.status.value);
}

function seconds(parts: readonly RecordingPart[]): number {
  return parts.reduce((sum, { durationSeconds = 0 }) => sum + durationSeconds, 0);
}

/** Notes that the current attempt's recorder is lost, and that what it had stored is to be saved. */
export function addPart(pass: Pass, world: World, message: string): void {
  const { status, recording } = pass;
  const attempt = status.value.attempt ?? 1;
  const parts = status.value.parts ?? [];
  const { keyPrefix: prefix } = world.config.recorder;
  if (parts.some((part) => part.attempt === attempt)) return;
  const received = receivedMedia(pass);
  if (received !== undefined) status.value.durationSeconds = earlierSeconds(pass) + received.seconds;
  status.value.parts = [
    ...parts,
    {
      attempt,
      state: 'Salvaging',
      since: status.now,
      key: attemptKey({ recording, folder: status.value.folder, attempt, prefix }),
      ...(received && {
        durationSeconds: received.seconds,
        receivedSeconds: received.seconds,
        ...(received.lastMediaAt !== undefined && { lastMediaAt: received.lastMediaAt }),
      }),
      message: message.slice(0, 1024),
    },
  ];
  // Only what is stored is acted on.
  lookAgainIn(pass, 0);
}

/** Whether another recorder may go on where one was lost. */
export function mayContinue(pass: Pass): boolean {
  const { startedAt } = pass.status.value;
  const endMs = Date.parse(startedAt ?? pass.status.now) + pass.recording.spec.maxDurationSeconds * 1000;
  return !isUnwanted(pass) && partsOf(pass).length < MAX_LOSSES && endMs - pass.nowMs > WORTH_SECONDS * 1000;
}

/** Gives the recording another recorder, which stores its own file: two never write the same. */
export function continueElsewhere(pass: Pass, world: World, why: string): void {
  const { status, recording } = pass;
  const message = `${why}; another recorder takes its place`;
  status.value.attempt = (status.value.attempt ?? 1) + 1;
  delete status.value.podName;
  delete status.value.nodeName;
  delete status.value.recorderUrl;
  delete status.value.ingest;
  // The push is found by its name and sent to the new address.
  delete status.value.agora;
  delete status.value.stoppedAt;
  world.pushRequests.forget(recording.metadata.uid);
  world.watchers.drop(pass.key);
  status.set('RecorderReady', 'False', 'RecorderReplaced', message);
  if (status.condition('Receiving')) status.set('Receiving', 'False', 'RecorderReplaced', message);
  status.say(status.value.startedAt === undefined ? 'Starting' : 'Recording', 'RecorderReplaced', message);
  lookAgainIn(pass, 0);
}
