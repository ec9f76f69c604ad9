import { setTimeout as sleep } from 'node:timers/promises';
import { MEETING_RECORDINGS, PODS } from '../../../operator/controller/kube-objects.ts';
import type { Pod } from '../../../operator/controller/kube-objects.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { LABELS, MANAGER_NAME } from '../../../operator/crd/names.ts';
import { isTerminal } from '../../../operator/crd/phases.ts';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { TruthCheck } from './truth-check.ts';

const INTERVAL_MS = 250;
const CALL_MS = 5000;

/** What was seen of a pod of a recording. */
export interface SeenPod {
  readonly uid: string;
  readonly name: string;
  /** The key of the file that its recorder makes, or salvages. */
  readonly s3Key: string;
  readonly salvages: boolean;
}

/** What was seen of one recording. */
export interface History {
  /** As it was last seen; it stays here when the object is gone. */
  last: MeetingRecording | undefined;
  /** The object was there, and is not any more. */
  gone: boolean;
  /** `PHASE REASON`, each change once. */
  readonly states: string[];
  readonly pods: Map<string, SeenPod>;
  /** What should never be seen. */
  readonly complaints: string[];
}

/** Looks at all recordings and their pods again and again, also while the API server is away. */
export class Observer {
  readonly #kube: KubeClient;
  readonly #namespace: string;
  readonly #histories = new Map<string, History>();
  readonly truth: TruthCheck;
  #pods: readonly Pod[] = [];
  #rounds = 0;

  constructor(options: { readonly kube: KubeClient; readonly namespace: string }) {
    this.#kube = options.kube;
    this.#namespace = options.namespace;
    this.truth = new TruthCheck();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look(signal).catch(() => this.truth.reset());
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** How often everything has been looked at. */
  get rounds(): number {
    return this.#rounds;
  }

  of(name: string): History {
    const known = this.#histories.get(name);
    if (known) return known;
    const history: History = { last: undefined, gone: false, states: [], pods: new Map(), complaints: [] };
    this.#histories.set(name, history);
    return history;
  }

  /** The pods of a recording that are there now. */
  podsOf(name: string): readonly Pod[] {
    return this.#pods.filter((pod) => pod.metadata.labels?.[LABELS.recording] === name);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const selection = { namespace: this.#namespace, signal, timeoutMs: CALL_MS };
    const labelSelector = `${LABELS.managedBy}=${MANAGER_NAME}`;
    const { items: recordings } = await this.#kube.list(MEETING_RECORDINGS, selection);
    const { items: pods } = await this.#kube.list(PODS, { ...selection, labelSelector });
    this.#pods = pods;
    for (const recording of recordings) this.#see(recording, pods);
    const present = new Set(recordings.map(({ metadata }) => metadata.name));
    for (const [name, history] of this.#histories)
      if (history.last !== undefined && !present.has(name)) history.gone = true;
    this.#rounds += 1;
  }

  #see(recording: MeetingRecording, pods: readonly Pod[]): void {
    const history = this.of(recording.metadata.name);
    const before = history.last?.status?.phase;
    const { phase, reason } = recording.status ?? {};
    if (isTerminal(before) && phase !== before)
      history.complaints.push(`it was ${before} and became ${phase}`);
    history.last = recording;
    const state = `${phase ?? ''} ${reason ?? ''}`;
    if (history.states.at(-1) !== state) history.states.push(state);
    const own = pods.filter((pod) => pod.metadata.labels?.[LABELS.recording] === recording.metadata.name);
    for (const pod of own) history.pods.set(pod.metadata.uid ?? '', seenPod(pod));
    for (const lie of this.truth.check(recording, own)) history.complaints.push(lie);
  }
}

function seenPod(pod: Pod): SeenPod {
  const environment = pod.spec.containers.flatMap(({ env = [] }) => env);
  return {
    uid: pod.metadata.uid ?? '',
    name: pod.metadata.name ?? '',
    s3Key: environment.find(({ name }) => name === 'S3_KEY')?.value ?? '',
    salvages: pod.metadata.labels?.[LABELS.salvages] !== undefined,
  };
}
