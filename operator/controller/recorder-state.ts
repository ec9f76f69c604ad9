import { EXIT_CODES } from '../../recorder-image/contract/exit-codes.ts';
import { resultSchema } from '../../recorder-image/contract/result.ts';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import type { ContainerStatus, Pod, Terminated } from './kube-objects.ts';
import { RECORDER_CONTAINER } from './recorder-pod.ts';

/** What a recorder pod is, read from it alone. */
export type RecorderState =
  /** Not listening yet, or not any more for a moment. */
  | { is: 'starting'; trouble: StartTrouble | undefined }
  | { is: 'listening'; address: string }
  /** Its node does not answer; the recorder itself may be well. */
  | { is: 'unreachable'; sinceMs: number }
  /** S3 refused the file; the kubelet starts the recorder again in place, and it tries again. */
  | { is: 'retrying-upload'; result: RecorderResult }
  | { is: 'ended'; result: RecorderResult }
  /** It ended, and nothing tells with what result. */
  | { is: 'lost'; how: 'failed' | 'gone'; message: string };

export interface StartTrouble {
  reason: 'RecorderUnschedulable' | 'RecorderImagePullFailed' | 'RecorderStarting';
  message: string;
}

/** Restarts in place after which it is not tried again. */
export const MAX_RESTARTS = 10;
/** Seconds beyond its grace period after which a pod that won't go counts as lost with its node. */
export const STUCK_SECONDS = 120;

/** What the kubelet, too, says of a container whose end it has missed. */
export const EXIT_CODE_UNKNOWN = 137;

/** Starting again would only do the same again. */
const FINAL_EXIT_CODES: readonly number[] = [
  EXIT_CODES.done,
  EXIT_CODES.noPublisher,
  EXIT_CODES.diskFull,
  EXIT_CODES.badConfiguration,
];

const IMAGE_TROUBLE = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
]);
const CONTAINER_TROUBLE = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** @param nowMs Unix milliseconds */
export function readRecorderState(pod: Pod, nowMs: number): RecorderState {
  const { status, metadata } = pod;
  const container = recorderStatus(pod);
  const over = status?.phase === 'Failed' || status?.phase === 'Succeeded';
  const deleting = metadata.deletionTimestamp !== undefined;
  const current = container?.state?.terminated;
  const last = current ?? container?.lastState?.terminated;
  const result = last && readResult(last);

  if (last && result && (current ? over || deleting : false)) return { is: 'ended', result };
  if (last && result && FINAL_EXIT_CODES.includes(last.exitCode)) return { is: 'ended', result };
  if (last && result && last.exitCode === EXIT_CODES.uploadImpossible)
    return { is: 'retrying-upload', result };
  if (over) return lost(pod, current);
  if (current?.exitCode === EXIT_CODES.done) return lost(pod, current);
  if (current && deleting) return lost(pod, current);
  if (deleting && pod.spec.nodeName === undefined)
    return { is: 'lost', how: 'gone', message: 'The recorder pod was removed before it ran' };
  if (deleting && stuckInMs(pod, nowMs) < 0)
    return { is: 'lost', how: 'gone', message: `The recorder pod's node does not answer` };
  if ((container?.restartCount ?? 0) > MAX_RESTARTS)
    return {
      is: 'lost',
      how: 'failed',
      message: `The recorder ended ${MAX_RESTARTS} times without a result`,
    };

  const sinceMs = unreachableSince(pod);
  if (sinceMs !== undefined) return { is: 'unreachable', sinceMs };
  const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  if (ready && status?.podIP !== undefined && container?.state?.running)
    return { is: 'listening', address: status.podIP };
  return { is: 'starting', trouble: startTrouble(pod, container) };
}

/** Whether the recorder in this pod can't be at work any more, or only out of everybody's reach. */
export function isDown(pod: Pod, nowMs: number): boolean {
  const { status, metadata } = pod;
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  if (unreachableSince(pod) !== undefined) return true;
  if (metadata.deletionTimestamp === undefined) return false;
  const container = recorderStatus(pod);
  return container === undefined || container.state?.terminated !== undefined || stuckInMs(pod, nowMs) <= 0;
}

/** Milliseconds until a pod that is being deleted counts as stuck. */
export function stuckInMs(pod: Pod, nowMs: number): number {
  return Date.parse(pod.metadata.deletionTimestamp ?? '') + STUCK_SECONDS * 1000 - nowMs;
}

/**
 * Unix milliseconds. Where a node does not answer, the control plane takes Ready from its pods, while what the kubelet
 * last said of the container stands.
 */
function unreachableSince(pod: Pod): number | undefined {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const container = recorderStatus(pod);
  if (ready?.status !== 'False' || container?.ready !== true || !container.state?.running) return undefined;
  return Date.parse(ready.lastTransitionTime ?? '') || 0;
}

export function recorderStatus(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === RECORDER_CONTAINER);
}

/** The result that it ended with. A fault is none: started again, it might have come to one. */
export function readResult(terminated: Terminated): RecorderResult | undefined {
  const result = parseResult(terminated);
  return isFault(result) ? undefined : result;
}

/** What a recorder said of its fault, where it had the time to. */
export function failureIn(terminated: Terminated): string | undefined {
  const result = parseResult(terminated);
  return isFault(result) ? result.error.message : undefined;
}

function isFault(
  result: RecorderResult | undefined,
): result is Extract<RecorderResult, { outcome: 'failed' }> {
  return result?.outcome === 'failed' && result.reason === 'Internal';
}

function parseResult(terminated: Terminated): RecorderResult | undefined {
  const message = terminated.message?.trim();
  if (message === undefined || !message.startsWith('{')) return undefined;
  try {
    return resultSchema.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}

function lost(pod: Pod, terminated: Terminated | undefined): RecorderState {
  const { reason, message } = endOf(pod);
  // Evicted, Preempting, NodeShutdown, … : the pod's own reason is the cause, not the container's end.
  if (reason !== undefined)
    return {
      is: 'lost',
      how: 'gone',
      message: `The recorder pod ended: ${reason}${message ? `, ${message}` : ''}`,
    };
  const fault = terminated && failureIn(terminated);
  const words = fault === undefined ? '' : `: ${fault}`;
  const ended = 'The recorder ended without a result';
  if (pod.metadata.deletionTimestamp !== undefined)
    return { is: 'lost', how: 'gone', message: `${ended} while its pod was being removed${words}` };
  const how = terminated ? ` with exit code ${terminated.exitCode} (${terminated.reason ?? 'Unknown'})` : '';
  return { is: 'lost', how: 'failed', message: `${ended}${how}${words}` };
}

/** Why the pod itself ended or has to: its reason, or what disrupted it, where it has none. */
export function endOf(pod: Pod): { reason?: string | undefined; message?: string | undefined } {
  if (pod.status?.reason !== undefined) return pod.status;
  const disruption = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return disruption?.status === 'True' ? disruption : {};
}

function startTrouble(pod: Pod, container: ContainerStatus | undefined): StartTrouble | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable')
    return {
      reason: 'RecorderUnschedulable',
      message: scheduled.message ?? 'No node can take the recorder pod',
    };
  const waiting = container?.state?.waiting;
  if (waiting?.reason !== undefined && IMAGE_TROUBLE.has(waiting.reason)) {
    // The kubelet's own words change from try to try.
    const image = pod.spec.containers.find(({ name }) => name === RECORDER_CONTAINER)?.image ?? '';
    return { reason: 'RecorderImagePullFailed', message: `The image ${image} can't be pulled` };
  }
  // A Secret that is missing, for example: the kubelet tries for ever.
  if (waiting?.reason !== undefined && CONTAINER_TROUBLE.has(waiting.reason))
    return {
      reason: 'RecorderStarting',
      message: `The recorder can't be started: ${waiting.message ?? waiting.reason}`,
    };
  if (pod.spec.nodeName !== undefined)
    return { reason: 'RecorderStarting', message: 'The recorder starts on its node' };
  return undefined;
}
