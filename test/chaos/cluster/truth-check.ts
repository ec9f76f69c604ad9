import type { Pod } from '../../../operator/controller/kube-objects.ts';
import { recorderStatus } from '../../../operator/controller/recorder-state.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import type { ConditionType } from '../../../operator/crd/conditions.ts';
import { LABELS } from '../../../operator/crd/names.ts';

/** How long an object may be behind what the API server knows; docs/reference/status.md. */
const LIMIT_MS = 10_000;

/** Tells when an object says for too long what is not so. */
export class TruthCheck {
  readonly #since = new Map<string, number>();
  readonly #told = new Set<string>();
  readonly #now: () => number;
  #graceMs = 0;
  #nodeIsLost = false;

  /** `now` in milliseconds of a clock that only grows. */
  constructor(options: { readonly now?: () => number } = {}) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** More patience, in seconds, while there is nobody who could write the truth. */
  allow(seconds: number): void {
    this.#graceMs = seconds * 1000;
  }

  /**
   * Whether a node is lost for good: then what the control plane says of its pods is all that can be known of them. A
   * recorder whose kubelet alone is dead goes on, and its object may say so.
   */
  expectNodeLoss(isExpected: boolean): void {
    this.#nodeIsLost = isExpected;
  }

  /** Nothing could be seen: what was suspected may have been put right meanwhile. */
  reset(): void {
    this.#since.clear();
  }

  /** Complaints about this recording with these pods, each once. */
  check(recording: MeetingRecording, pods: readonly Pod[]): string[] {
    const { name } = recording.metadata;
    const runs = pods.some(
      (pod) =>
        pod.metadata.name === recording.status?.podName &&
        isRunning(pod) &&
        !(this.#nodeIsLost && isGivenUp(pod)),
    );
    const suspicions: [string, boolean][] = [
      ['it says Receiving, and its recorder does not run', saysReceiving(recording) && !runs],
      ['it says that its recorder listens, and that does not run', saysListening(recording) && !runs],
      ['two recorders are at work', recorders(pods).filter(isRunning).length > 1],
    ];
    return suspicions.flatMap(([what, holds]) => {
      const key = `${name}: ${what}`;
      if (!holds) this.#since.delete(key);
      else if (!this.#since.has(key)) this.#since.set(key, this.#now());
      const since = this.#since.get(key);
      if (since === undefined || this.#now() - since <= LIMIT_MS + this.#graceMs || this.#told.has(key))
        return [];
      this.#told.add(key);
      return [`${what}, for more than ${(LIMIT_MS + this.#graceMs) / 1000} s`];
    });
  }
}

function saysReceiving(recording: MeetingRecording): boolean {
  return recording.status?.reason === 'Receiving' || holds(recording, 'Receiving');
}

function saysListening(recording: MeetingRecording): boolean {
  return recording.status?.reason === 'WaitingForPublisher' || holds(recording, 'RecorderReady');
}

function holds({ status }: MeetingRecording, condition: ConditionType): boolean {
  return status?.conditions?.some(({ type, status }) => type === condition && status === 'True') ?? false;
}

function recorders(pods: readonly Pod[]): Pod[] {
  return pods.filter(
    ({ metadata }) =>
      metadata.labels?.[LABELS.salvages] === undefined && metadata.deletionTimestamp === undefined,
  );
}

function isRunning(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && recorderStatus(pod)?.state?.running !== undefined;
}

/** The control plane has taken Ready from it, while what its kubelet last said of the container stands. */
function isGivenUp({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'False') ?? false;
}
