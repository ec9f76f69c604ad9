import { isTerminal } from '../crd/phases.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Change } from '../runtime/store.ts';

/** What a recording takes of what there is. */
interface Claim {
  readonly weight: number;
  readonly needsProvider: boolean;
}

interface Waiting extends Claim {
  readonly key: string;
  readonly uid: string;
  readonly createdAt: string;
}

export type AdmissionDecision =
  { admitted: true } | { admitted: false; position: number; lacks: 'slot' | 'provider' };

export interface AdmissionOptions {
  /** Slots in all. */
  maxConcurrent: number;
  /** How many slots a recording takes; 1 for each unless told. */
  weigh?: (recording: MeetingRecording) => number;
  /** Pushes that Agora carries at a time; as many as it likes unless told. */
  maxPushes?: number | undefined;
  /** Whether Agora may have room for one more push. */
  providerIsOpen: () => boolean;
  /** Called with recordings whose turn may have come. */
  wake: (keys: readonly string[]) => void;
}

/**
 * Who may record: as many at a time as there are slots and pushes for, oldest first. It follows the cache of all objects, and decides without
 * waiting for anything in between, so that any number of workers never let in one too many. A recording that was let
 * in holds its slot from that moment on, whatever the cache still says.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #holding = new Map<string, Claim>();
  /** Oldest first. */
  readonly #waiting: Waiting[] = [];

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many slots are taken. */
  get holding(): number {
    return this.#holding.size;
  }

  /** Follows the cache of recordings. */
  observe({ key, before, after }: Change<MeetingRecording>): void {
    if (before && before.metadata.uid !== after?.metadata.uid) this.#forget(before.metadata.uid);
    if (!after) return;
    const { uid } = after.metadata;
    if (isTerminal(after.status?.phase)) this.#forget(uid);
    else if (isAdmitted(after)) this.hold(after);
    else if (!this.#holding.has(uid)) this.#enqueue(key, after);
  }

  /** A recorder pod of it exists: it has its slot, though its status may not say so yet. */
  hold(recording: MeetingRecording): void {
    const { uid } = recording.metadata;
    this.#holding.set(uid, this.#claim(recording));
    this.#dequeue(uid);
  }

  /** Lets the recording in, or says how many go before it, itself included. */
  decide(recording: MeetingRecording): AdmissionDecision {
    const { uid } = recording.metadata;
    if (this.#holding.has(uid)) return { admitted: true };
    if (this.#eligible().some((waiting) => waiting.uid === uid)) {
      this.hold(recording);
      return { admitted: true };
    }
    const index = this.#waiting.findIndex((waiting) => waiting.uid === uid);
    const position = index < 0 ? this.#waiting.length + 1 : index + 1;
    const provider = this.#claim(recording).needsProvider && this.#pushesLeft() < 1;
    return { admitted: false, position, lacks: provider ? 'provider' : 'slot' };
  }

  /** Back to the queue, to the place that its age gives it. */
  release(key: string, recording: MeetingRecording): void {
    this.#holding.delete(recording.metadata.uid);
    this.#enqueue(key, recording);
    this.wakeNext();
  }

  /** Tells those whose turn has come. */
  wakeNext(): void {
    const next = this.#eligible();
    if (next.length > 0) this.#options.wake(next.map(({ key }) => key));
  }

  /** The first in the queue that fit in. A heavy one is not passed by light ones, or it would wait for ever. */
  #eligible(): Waiting[] {
    let slots = this.#options.maxConcurrent - sum([...this.#holding.values()].map(({ weight }) => weight));
    let pushes = this.#pushesLeft();
    const next: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (waiting.needsProvider && pushes < 1) continue;
      slots -= waiting.weight;
      if (slots < 0) break;
      if (waiting.needsProvider) pushes -= 1;
      next.push(waiting);
    }
    return next;
  }

  /** How many more pushes Agora may have room for. */
  #pushesLeft(): number {
    if (!this.#options.providerIsOpen()) return 0;
    const { maxPushes = Number.POSITIVE_INFINITY } = this.#options;
    return maxPushes - [...this.#holding.values()].filter(({ needsProvider }) => needsProvider).length;
  }

  #claim(recording: MeetingRecording): Claim {
    const { weigh = () => 1, maxConcurrent } = this.#options;
    // One that is heavier than all slots together records alone.
    const weight = Math.min(weigh(recording), maxConcurrent);
    return { weight, needsProvider: recording.spec.source.agora !== undefined };
  }

  #forget(uid: string): void {
    this.#dequeue(uid);
    if (this.#holding.delete(uid)) this.wakeNext();
  }

  #dequeue(uid: string): void {
    const index = this.#waiting.findIndex((waiting) => waiting.uid === uid);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #enqueue(key: string, recording: MeetingRecording): void {
    const { uid, creationTimestamp: createdAt } = recording.metadata;
    if (this.#waiting.some((waiting) => waiting.uid === uid)) return;
    const entry = { key, uid, createdAt, ...this.#claim(recording) };
    const index = this.#waiting.findIndex((waiting) => comesBefore(entry, waiting));
    if (index < 0) this.#waiting.push(entry);
    else this.#waiting.splice(index, 0, entry);
  }
}

export function isAdmitted(recording: MeetingRecording): boolean {
  return (
    recording.status?.conditions?.some(({ type, status }) => type === 'Admitted' && status === 'True') ??
    false
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** By age; objects of the same second by name. */
function comesBefore(a: Waiting, b: Waiting): boolean {
  return a.createdAt === b.createdAt ? a.key < b.key : a.createdAt < b.createdAt;
}
