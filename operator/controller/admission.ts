import { isTerminal } from '../crd/phases.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Change } from '../runtime/store.ts';
import { WaitingLine, comesBefore } from './waiting-line.ts';
import type { Place } from './waiting-line.ts';

/** What a recording takes of what there is. */
interface Claim {
  readonly weight: number;
  readonly needsProvider: boolean;
}

type Waiting = Claim & Place;

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
 * Who may record: as many at a time as there are slots and pushes for, oldest first. It follows the cache of all
 * objects, and decides without waiting for anything in between, so that any number of workers never let in one too
 * many. A recording that was let in holds its slot from that moment on, whatever the cache still says. What is taken is
 * kept count of, so that a decision costs the same however many record or wait.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #holding = new Map<string, Claim>();
  #slotsTaken = 0;
  #pushesTaken = 0;
  /** Those who need Agora may be passed by those who don't, so each kind has a line of its own. */
  readonly #forProvider = new WaitingLine<Waiting>();
  readonly #forSlot = new WaitingLine<Waiting>();
  /** What all those who wait would take. */
  #slotsWanted = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#forProvider.length + this.#forSlot.length;
  }

  /** How many hold slots. */
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
    this.#dequeue(uid);
    if (this.#holding.has(uid)) return;
    const claim = this.#claim(recording);
    this.#holding.set(uid, claim);
    this.#slotsTaken += claim.weight;
    if (claim.needsProvider) this.#pushesTaken += 1;
  }

  /** Lets the recording in, or says how many go before it, itself included. */
  decide(recording: MeetingRecording): AdmissionDecision {
    const { uid } = recording.metadata;
    if (this.#holding.has(uid)) return { admitted: true };
    const waiting = this.#forProvider.get(uid) ?? this.#forSlot.get(uid);
    if (waiting && this.#isEligible(waiting)) {
      this.hold(recording);
      return { admitted: true };
    }
    const provider = this.#claim(recording).needsProvider && this.#pushesLeft() < 1;
    return { admitted: false, position: this.#position(waiting), lacks: provider ? 'provider' : 'slot' };
  }

  /** Back to the queue, to the place that its age gives it. */
  release(key: string, recording: MeetingRecording): void {
    this.#letGo(recording.metadata.uid);
    this.#enqueue(key, recording);
    this.wakeNext();
  }

  /** Tells those whose turn has come. */
  wakeNext(): void {
    const keys = Array.from(this.#eligible(), ({ key }) => key);
    if (keys.length > 0) this.#options.wake(keys);
  }

  #isEligible(wanted: Waiting): boolean {
    const all = this.#slotsWanted <= this.#slotsLeft() && this.#forProvider.length <= this.#pushesLeft();
    if (all) return true;
    for (const waiting of this.#eligible()) {
      if (waiting === wanted) return true;
      if (comesBefore(wanted, waiting)) return false;
    }
    return false;
  }

  #position(waiting: Waiting | undefined): number {
    if (!waiting) return this.waiting + 1;
    return this.#forProvider.countBefore(waiting) + this.#forSlot.countBefore(waiting) + 1;
  }

  /** The first in both lines that fit in. A heavy one is not passed by light ones, or it would wait for ever. */
  *#eligible(): Generator<Waiting> {
    let slots = this.#slotsLeft();
    let pushes = this.#pushesLeft();
    const [provider, own] = [this.#forProvider[Symbol.iterator](), this.#forSlot[Symbol.iterator]()];
    let [a, b] = [provider.next(), own.next()];
    for (;;) {
      const first = a.done || pushes < 1 ? undefined : a.value;
      const second = b.done ? undefined : b.value;
      const next = first && (!second || comesBefore(first, second)) ? first : second;
      if (!next || next.weight > slots) return;
      slots -= next.weight;
      if (next === first) {
        pushes -= 1;
        a = provider.next();
      } else b = own.next();
      yield next;
    }
  }

  #slotsLeft(): number {
    // Weights may be fractions, whose sums are not exact.
    return this.#options.maxConcurrent - this.#slotsTaken + 1e-6;
  }

  /** How many more pushes Agora may have room for. */
  #pushesLeft(): number {
    if (!this.#options.providerIsOpen()) return 0;
    return (this.#options.maxPushes ?? Number.POSITIVE_INFINITY) - this.#pushesTaken;
  }

  #claim(recording: MeetingRecording): Claim {
    const { weigh = () => 1, maxConcurrent } = this.#options;
    // One that is heavier than all slots together records alone.
    const weight = Math.min(weigh(recording), maxConcurrent);
    return { weight, needsProvider: recording.spec.source.agora !== undefined };
  }

  #forget(uid: string): void {
    this.#dequeue(uid);
    if (this.#letGo(uid)) this.wakeNext();
  }

  #letGo(uid: string): boolean {
    const claim = this.#holding.get(uid);
    if (!claim) return false;
    this.#holding.delete(uid);
    this.#slotsTaken -= claim.weight;
    if (claim.needsProvider) this.#pushesTaken -= 1;
    return true;
  }

  #dequeue(uid: string): void {
    const waiting = this.#forProvider.remove(uid) ?? this.#forSlot.remove(uid);
    this.#slotsWanted -= waiting?.weight ?? 0;
  }

  #enqueue(key: string, recording: MeetingRecording): void {
    const { uid, creationTimestamp: createdAt } = recording.metadata;
    const claim = this.#claim(recording);
    const line = claim.needsProvider ? this.#forProvider : this.#forSlot;
    if (line.add({ key, uid, createdAt, ...claim })) this.#slotsWanted += claim.weight;
  }
}

export function isAdmitted(recording: MeetingRecording): boolean {
  return (
    recording.status?.conditions?.some(({ type, status }) => type === 'Admitted' && status === 'True') ??
    false
  );
}
