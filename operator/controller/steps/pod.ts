import type { ConditionType } from '../../crd/conditions.ts';
import { ApiError, isAlreadyExists, isNotFound } from '../../runtime/kube/api-error.ts';
import { refOf } from '../../runtime/kube/resource.ts';
import { MEETING_RECORDINGS, PODS, ownerUid } from '../kube-objects.ts';
import type { Pod } from '../kube-objects.ts';
import { notReady } from '../not-ready.ts';
import { isOver, isStopping, isUnwanted, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import { recorderPod, recorderPodName } from '../recorder-pod.ts';
import { folderOfPod, newFolder } from '../recording-place.ts';
import { laterTermination, lastTermination } from '../last-termination.ts';
import { loseRecorder } from '../lose-recorder.ts';
import { readRecorderState } from '../recorder-state.ts';
import { steadyMessage } from '../steady-message.ts';
import type { World } from '../world.ts';
import { isSilent } from './watch.ts';

/** How often a recorder whose node does not answer is looked at, in milliseconds. */
const UNREACHABLE_MS = 5000;

/** Makes the recorder pod, and follows it until it listens. */
export async function pod(pass: Pass, world: World): Promise<Verdict> {
  const { status } = pass;
  if (status.isTerminal) return 'next';
  const known = status.value.podName !== undefined;
  if (!pass.pod && (known || isStopping(pass))) {
    pass.pod = await find(pass, world);
    if (!pass.pod && known) {
      loseRecorder(pass, 'PodRemoved', 'The recorder pod was removed by force');
      return 'next';
    }
  }
  if (pass.pod) return follow(pass, world, pass.pod);
  if (isOver(pass) || isUnwanted(pass)) return 'next';
  return await create(pass, world);
}

/** The cache may be behind: what it says is missing is looked up before anything is concluded from that. */
async function find(pass: Pass, world: World): Promise<Pod | undefined> {
  const { recording, status, signal } = pass;
  const name = recorderPodName(recording, status.value.attempt ?? 1);
  try {
    const found = await world.kube.get(PODS, { namespace: recording.metadata.namespace, name }, { signal });
    return ownerUid(found) === recording.metadata.uid ? found : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function create(pass: Pass, world: World): Promise<Verdict> {
  const { recording, status, signal } = pass;
  const { masterKey, recorder: config } = world.config;
  if (!(await isCurrent(pass, world))) {
    lookAgainIn(pass, 200);
    return 'end';
  }
  const attempt = status.value.attempt ?? 1;
  const hostPort =
    world.config.ingest.exposure === 'hostPort'
      ? world.hostPorts.choose(recorderPodName(recording, attempt))
      : undefined;
  // One that was begun before recordings had folders goes on without one.
  const folder = status.value.folder ?? (attempt === 1 ? newFolder(recording, config) : undefined);
  const manifest = recorderPod({ recording, attempt, folder, masterKey, config, hostPort });
  try {
    return follow(pass, world, await world.kube.create(PODS, manifest, { signal }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (isAlreadyExists(error)) {
      const existing = await find(pass, world);
      return existing ? follow(pass, world, existing) : waitForName(pass);
    }
    if (error.status !== 403 && error.status !== 422) throw error;
    refused(pass, error);
    return 'end';
  }
}

/**
 * A cache that is behind may show a finished recording as a new one, whose pod is long gone. So a pod is only made for
 * a recording that the API server has just confirmed.
 */
async function isCurrent(pass: Pass, world: World): Promise<boolean> {
  if (pass.isFresh) return true;
  const { signal, recording } = pass;
  const live = await world.kube.get(MEETING_RECORDINGS, refOf(recording), { signal });
  world.recordings.observe(live);
  const { uid, resourceVersion } = live.metadata;
  return uid === recording.metadata.uid && resourceVersion === recording.metadata.resourceVersion;
}

/** A recording of the same name was deleted, and its pod is still on its way out. */
function waitForName(pass: Pass): Verdict {
  const name = recorderPodName(pass.recording, pass.status.value.attempt ?? 1);
  const message = `A pod named ${name} of another owner is in the way; the recorder is made when it is gone`;
  pass.status.say('Starting', 'CreatingRecorder', message);
  pass.status.set('RecorderReady', 'False', 'CreatingRecorder', message);
  lookAgainIn(pass, 2000);
  return 'end';
}

function refused(pass: Pass, error: ApiError): void {
  // How much of the quota is used changes from try to try, so only its name is told.
  const quota = /exceeded quota: ([^,\s]+)/.exec(error.message)?.[1];
  const reason = quota === undefined ? 'CreatingRecorder' : 'ResourceQuotaExceeded';
  // What an admission webhook says may change too: it is only told anew when it says something else.
  const message =
    quota === undefined
      ? steadyMessage(pass.status.condition('RecorderReady')?.message, error.message)
      : `The ResourceQuota ${quota} refuses the recorder pod; it is tried again`;
  pass.status.say('Starting', reason, message);
  pass.status.set('RecorderReady', 'False', reason, message);
  lookAgainIn(pass, 5000);
}

function follow(pass: Pass, world: World, pod: Pod): Verdict {
  const { status, nowMs } = pass;
  pass.pod = pod;
  pass.recorder = readRecorderState(pod, nowMs);
  status.value.attempt ??= 1;
  status.value.podName = pod.metadata.name ?? '';
  // What the pod was given, which may have been made by a controller that could not write it down any more.
  const folder = pass.recording.status?.folder ?? folderOfPod(pod);
  if (folder) status.value.folder = folder;
  if (pod.spec.nodeName !== undefined) status.value.nodeName = pod.spec.nodeName;
  if (pass.recorder.is === 'unreachable') unreachable(pass, world, pass.recorder.sinceMs);
  const { lastTermination: known } = status.value;
  const termination = laterTermination(known, lastTermination(pod, status.now, known));
  if (termination) status.value.lastTermination = termination;
  if (pass.recorder.is === 'starting' && !isOver(pass)) notReady(pass, world, pod);
  return 'next';
}

/** The recorder may be well all the same: as long as it is heard, or has not been silent for long, it goes on. */
function unreachable(pass: Pass, world: World, sinceMs: number): void {
  const { status, nowMs } = pass;
  const limitMs = world.config.recorderLostSeconds * 1000;
  const node = status.value.nodeName ?? '';
  // One that was never reachable is not followed, and so not heard either.
  const unheardMs = status.value.ingest === undefined ? Number.POSITIVE_INFINITY : 0;
  const silentMs = world.watchers.silentMs(pass.key) ?? unheardMs;
  const leftMs = limitMs - Math.min(silentMs, nowMs - sinceMs);
  if (leftMs <= 0) {
    loseRecorder(pass, 'NodeLost', `The node ${node} of the recorder does not answer`);
    return;
  }
  lookAgainIn(pass, Math.min(leftMs, UNREACHABLE_MS));
  if (!isSilent(pass, world)) return;
  const message = `Neither the recorder nor its node ${node} answers`;
  // Of one that is being stopped, only what it still says.
  const doubt = (type: ConditionType): void => {
    if (!isOver(pass) || status.is(type)) status.set(type, 'Unknown', 'RecorderUnreachable', message);
  };
  doubt('RecorderReady');
  const hasBegun = status.value.startedAt !== undefined;
  if (hasBegun) doubt('Receiving');
  if (!isOver(pass)) status.say(hasBegun ? 'Recording' : 'Starting', 'RecorderUnreachable', message);
}
