import type { RecorderResult } from '../../../recorder-image/contract/result.ts';
import type { RecordingPart } from '../../crd/status.ts';
import { ApiError, isAlreadyExists, isNotFound } from '../../runtime/kube/api-error.ts';
import { resultFiles } from '../result-files.ts';
import { PODS, ownerUid } from '../kube-objects.ts';
import type { Pod } from '../kube-objects.ts';
import { lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { ownResult } from '../own-result.ts';
import { ownPlace } from '../recording-place.ts';
import { listedGaps } from '../gaps.ts';
import { earlierSeconds, isSalvaging, partsOf } from '../parts.ts';
import { reportOf } from '../recorder-report.ts';
import { recorderPodName } from '../recorder-pod.ts';
import { isDown, readRecorderState } from '../recorder-state.ts';
import { releasePod } from '../release-pod.ts';
import { salvagePod, salvagePodName, salvagedAttempt } from '../salvage-pod.ts';
import { POD_RECORDING } from '../world.ts';
import type { World } from '../world.ts';

/** Seconds after a recorder was given up in which what it had stored can be saved. */
const SALVAGE_SECONDS = 900;
const RETRY_MS = 5000;

/** Saves what lost recorders had stored, each by a pod of its own, while the recording goes on. */
export async function salvage(pass: Pass, world: World): Promise<Verdict> {
  if (pass.status.isTerminal) return 'next';
  await releaseDone(pass, world);
  if (!isSalvaging(pass)) return 'next';
  const before = earlierSeconds(pass);
  pass.status.value.parts = await Promise.all(
    partsOf(pass).map(async (part) => (part.state === 'Salvaging' ? await save(part, pass, world) : part)),
  );
  // Where less was saved than had been received, there is less than was thought.
  const { durationSeconds } = pass.status.value;
  if (durationSeconds !== undefined)
    pass.status.value.durationSeconds = Math.max(0, durationSeconds + earlierSeconds(pass) - before);
  return 'next';
}

/** A pod is let go only when what it said is stored. */
async function releaseDone(pass: Pass, world: World): Promise<void> {
  for (const pod of ownPods(pass, world)) {
    const part = pass.recording.status?.parts?.find(({ attempt }) => attempt === salvagedAttempt(pod));
    if (part && part.state !== 'Salvaging') await releasePod(pod, world, pass.signal);
  }
}

async function save(part: RecordingPart, pass: Pass, world: World): Promise<RecordingPart> {
  const leftMs = Date.parse(part.since) + SALVAGE_SECONDS * 1000 - pass.nowMs;
  if (leftMs <= 0)
    return { ...part, state: 'Lost', message: 'What the recorder had stored was not saved in time' };
  lookAgainIn(pass, leftMs);
  // Not before it is stored which part it is, and that its recorder does not write any more.
  if (!pass.recording.status?.parts?.some(({ attempt }) => attempt === part.attempt)) {
    lookAgainIn(pass, 0);
    return part;
  }
  if (!isOutOfTheWay(part, pass, world)) return part;
  const known = ownPods(pass, world).find((pod) => salvagedAttempt(pod) === part.attempt);
  const pod = known ?? (await makePod(part, pass, world));
  if (!pod) return part;
  const state = readRecorderState(pod, pass.nowMs);
  if (state.is === 'ended') return settle(part, ownOf(state.result, pass, world));
  if (state.is !== 'lost') return part;
  if (state.how === 'failed') return { ...part, state: 'Lost', message: state.message.slice(0, 1024) };
  // Its node went too: another pod does it.
  await releasePod(pod, world, pass.signal);
  lookAgainIn(pass, RETRY_MS);
  return part;
}

/** Who salvages is a recorder's program, and believed as much as one. */
function ownOf(claim: RecorderResult, pass: Pass, world: World): RecorderResult {
  const { recording, status } = pass;
  const { result, refused } = ownResult(claim, ownPlace(recording, status.value, world.config.recorder));
  if (refused !== undefined) world.warn(recording, 'ForeignFile', refused);
  return result;
}

function settle(part: RecordingPart, result: RecorderResult): RecordingPart {
  const { durationSeconds = part.durationSeconds } = result;
  const duration = durationSeconds === undefined ? {} : { durationSeconds };
  if (result.outcome === 'failed')
    return { ...part, state: 'Lost', message: result.error.message.slice(0, 1024) };
  const { gaps, ...told } = reportOf(result);
  const report = { ...told, ...(gaps && { gaps: listedGaps(gaps) }) };
  return { ...part, state: 'Salvaged', ...duration, report, files: resultFiles(result) };
}

function isOutOfTheWay(part: RecordingPart, pass: Pass, world: World): boolean {
  const name = recorderPodName(pass.recording, part.attempt);
  const pod =
    pass.pod?.metadata.name === name
      ? pass.pod
      : world.pods.store
          .byIndex(POD_RECORDING, pass.key)
          .find((pod) => pod.metadata.name === name && ownerUid(pod) === pass.recording.metadata.uid);
  if (!pod || isDown(pod, pass.nowMs)) return true;
  lookAgainIn(pass, RETRY_MS);
  return false;
}

async function makePod(part: RecordingPart, pass: Pass, world: World): Promise<Pod | undefined> {
  const { recording, signal } = pass;
  const { masterKey, recorder: config } = world.config;
  try {
    return await world.kube.create(PODS, salvagePod({ recording, part, masterKey, config }), { signal });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    lookAgainIn(pass, RETRY_MS);
    if (!isAlreadyExists(error)) {
      world.log.warn(
        { key: pass.key, error: error.message },
        'the pod that salvages is refused, trying again',
      );
      return undefined;
    }
    const name = salvagePodName(recording, part.attempt);
    const ref = { namespace: recording.metadata.namespace, name };
    const found = await world.kube.get(PODS, ref, { signal }).catch((gone: unknown) => {
      if (isNotFound(gone)) return undefined;
      throw gone;
    });
    return found && ownerUid(found) === recording.metadata.uid ? found : undefined;
  }
}

function ownPods(pass: Pass, world: World): Pod[] {
  return world.pods.store
    .byIndex(POD_RECORDING, pass.key)
    .filter((pod) => salvagedAttempt(pod) !== undefined && ownerUid(pod) === pass.recording.metadata.uid);
}
