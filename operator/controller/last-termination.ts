import type { LastTermination } from '../crd/status.ts';
import type { LiveStatus } from './live-status.ts';
import type { Pod, Terminated } from './kube-objects.ts';
import { EXIT_CODE_UNKNOWN, endOf, failureIn, readResult, recorderStatus } from './recorder-state.ts';

const MAX_REASON_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 1024;

/**
 * How the recorder's container last ended, with its own words where it left any that are no result; or how its pod did,
 * where the kubelet had no time to say. When that was, nobody says then: it is the moment at which it was first seen, which
 * is the time of what is known already where that is the same.
 */
export function lastTermination(
  pod: Pod,
  nowIso: string,
  known?: LastTermination,
): LastTermination | undefined {
  const container = recorderStatus(pod);
  const terminated = container?.state?.terminated ?? container?.lastState?.terminated;
  const found = endOfPod(pod, terminated) ?? (terminated && endOfContainer(pod, terminated));
  if (found === undefined) return undefined;
  const isKnown =
    known?.reason === found.reason && known.exitCode === found.exitCode && known.node === found.node;
  return { ...found, at: terminated?.finishedAt ?? (isKnown ? known.at : nowIso) };
}

type Untimed = Omit<LastTermination, 'at'>;

function endOfPod(pod: Pod, terminated: Terminated | undefined): Untimed | undefined {
  const { reason, message } = endOf(pod);
  if (pod.status?.phase !== 'Failed' || reason === undefined) return undefined;
  return {
    exitCode: terminated?.exitCode ?? EXIT_CODE_UNKNOWN,
    reason: reason.slice(0, MAX_REASON_LENGTH),
    message: (message ?? '').slice(0, MAX_MESSAGE_LENGTH),
    ...nodeOf(pod),
  };
}

function endOfContainer(pod: Pod, terminated: Terminated): Untimed {
  const words = readResult(terminated) ? '' : (failureIn(terminated) ?? terminated.message ?? '');
  return {
    exitCode: terminated.exitCode,
    reason: (terminated.reason ?? 'Unknown').slice(0, MAX_REASON_LENGTH),
    message: words.slice(-MAX_MESSAGE_LENGTH),
    ...nodeOf(pod),
  };
}

/** How the recorder last ended that was started again in a container that goes on: it tells itself. */
export function terminationInPlace(
  { restarts = 1, lastTermination: last }: LiveStatus,
  pod: Pod,
): LastTermination | undefined {
  if (last === undefined) return undefined;
  const { exitCode, signal = 'Error', message = '', at } = last;
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  return {
    exitCode,
    reason: signal.slice(0, MAX_REASON_LENGTH),
    message: `Started again in its container, ${times} so far. ${message}`
      .trim()
      .slice(0, MAX_MESSAGE_LENGTH)
      .toWellFormed(),
    at,
    ...nodeOf(pod),
  };
}

/**
 * The later one of what is known and what was found; two of a node were timed by one clock, and of others the found one
 * counts. So a container's end does not hide that of a recorder after it, nor the other way round.
 */
export function laterTermination(
  known: LastTermination | undefined,
  found: LastTermination | undefined,
): LastTermination | undefined {
  if (known === undefined || found === undefined) return found ?? known;
  if (known.node !== found.node) return found;
  return Date.parse(known.at) > Date.parse(found.at) ? known : found;
}

function nodeOf(pod: Pod): { node?: string } {
  return pod.spec.nodeName === undefined ? {} : { node: pod.spec.nodeName };
}
