import type { Pod } from '../../../operator/controller/kube-objects.ts';
import { recorderStatus } from '../../../operator/controller/recorder-state.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { LABELS } from '../../../operator/crd/names.ts';

/** How long an object may be behind what the API server knows; docs/reference/status.md. */
const LIMIT_MS = 10_000;

/** Tells when an object says for too long what is not so. */
export class TruthCheck {
  readonly #since = new Map<string, number>();
  readonly #told = new Set<string>();
  readonly #now: () => number;
  #graceMs = 0;

  /** `now` in milliseconds of a clock that only grows. */
  constructor(options: { readonly now?: () => number } = {}) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** More patience, in seconds, while there is nobody who could write the truth. */
  allow(seconds: number): void {
    this.#graceMs = seconds * 1000;
  }

  /** Nothing could be seen: what was suspected may have been put right meanwhile. */
  reset(): void {
    this.#since.clear();
  }

  /** Complaints about this recording with these pods, each once. */
  check(recording: MeetingRecording, pods: readonly Pod[]): string[] {
    const { name } = recording.metadata;
    const suspicions: [string, boolean][] = [
      ['it says Receiving, and its recorder does not run', isLying(recording, pods)],
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

function isLying({ status }: MeetingRecording, pods: readonly Pod[]): boolean {
  if (status?.phase !== 'Recording' || status.reason !== 'Receiving') return false;
  const pod = pods.find(({ metadata }) => metadata.name === status.podName);
  return pod === undefined || !isRunning(pod);
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
