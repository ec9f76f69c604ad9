import { isTerminal } from '../crd/phases.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Change } from '../runtime/store.ts';

interface Waiting {
  readonly key: string;
  readonly uid: string;
  readonly createdAt: string;
  readonly needsProvider: boolean;
}

export type AdmissionDecision = { admitted: true } | { admitted: false; position: number };

export interface AdmissionOptions {
  maxConcurrent: number;
  /** Whether Agora may have room for one more push. */
  providerIsOpen: () => boolean;
  /** Called with recordings whose turn may have come. */
  wake: (keys: readonly string[]) => void;
}

/**
 * Who may record: at most so many at a time, oldest first. It follows the cache of all objects, and decides without
 * waiting for anything in between, so that any number of workers never let in one too many. A recording that was let
 * in holds its slot from that moment on, whatever the cache still says.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #holding = new Set<string>();
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
    else if (isAdmitted(after)) this.hold(uid);
    else if (!this.#holding.has(uid)) this.#enqueue(key, after);
  }

  /** A recorder pod of it exists: it has its slot, though its status may not say so yet. */
  hold(uid: string): void {
    this.#holding.add(uid);
    this.#dequeue(uid);
  }

  /** Lets the recording in, or says how many go before it, itself included. */
  decide(recording: MeetingRecording): AdmissionDecision {
    const { uid } = recording.metadata;
    if (this.#holding.has(uid)) return { admitted: true };
    const index = this.#waiting.findIndex((waiting) => waiting.uid === uid);
    const free = this.#options.maxConcurrent - this.#holding.size;
    const mayGo = this.#eligible(free).some((waiting) => waiting.uid === uid);
    if (!mayGo) return { admitted: false, position: index < 0 ? this.#waiting.length + 1 : index + 1 };
    this.hold(uid);
    return { admitted: true };
  }

  /** Back to the queue, to the place that its age gives it. */
  release(key: string, recording: MeetingRecording): void {
    this.#holding.delete(recording.metadata.uid);
    this.#enqueue(key, recording);
    this.wakeNext();
  }

  /** Tells those whose turn has come. */
  wakeNext(): void {
    const next = this.#eligible(this.#options.maxConcurrent - this.#holding.size);
    if (next.length > 0) this.#options.wake(next.map(({ key }) => key));
  }

  /** The first so many that could start now. */
  #eligible(count: number): Waiting[] {
    const open = this.#options.providerIsOpen();
    const next: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (next.length >= count) break;
      if (open || !waiting.needsProvider) next.push(waiting);
    }
    return next;
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
    const entry = { key, uid, createdAt, needsProvider: recording.spec.source.agora !== undefined };
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

/** By age; objects of the same second by name. */
function comesBefore(a: Waiting, b: Waiting): boolean {
  return a.createdAt === b.createdAt ? a.key < b.key : a.createdAt < b.createdAt;
}
