import { isTerminal } from '../crd/phases.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Change } from '../runtime/store.ts';
import type { ProviderGate } from './provider-gate.ts';
import { WaitingLine, comesBefore } from './waiting-line.ts';
import type { Place } from './waiting-line.ts';

/** What a recording takes of what there is. */
interface Claim {
  readonly weight: number;
  readonly needsProvider: boolean;
}

type Waiting = Claim & Place;

/** What is taken: a slot, and where Agora pushes, what is known of that push. */
interface Held {
  readonly weight: number;
  push: 'none' | 'asking' | 'granted';
}

export type AdmissionDecision =
  | { admitted: true }
  | {
      admitted: false;
      position: number;
      lacks: 'slot' | 'provider';
      /** Milliseconds until it may be let in though nothing happens: where it is the next that Agora is asked for. */
      waitMs?: number;
    };

export interface AdmissionOptions {
  /** Slots in all. */
  maxConcurrent: number;
  /** How many slots a recording takes; 1 for each unless told. */
  weigh?: (recording: MeetingRecording) => number;
  /** Pushes that Agora carries at a time; as many as it likes unless told. */
  maxPushes?: number | undefined;
  /** What is known of Agora's room. */
  gate: Pick<ProviderGate, 'left' | 'granted' | 'refused' | 'freed' | 'waitMs'>;
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
  readonly #holding = new Map<string, Held>();
  #slotsTaken = 0;
  readonly #pushes = { none: 0, asking: 0, granted: 0 };
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
    else {
      // Sent back to the queue, maybe by another process, which leads.
      if (before?.metadata.uid === uid && isAdmitted(before)) this.#letGo(uid);
      if (!this.#holding.has(uid)) this.#enqueue(key, after);
    }
  }

  /** A recorder pod of it exists: it has its slot, though its status may not say so yet. */
  hold(recording: MeetingRecording): void {
    const { metadata, status } = recording;
    this.#dequeue(metadata.uid);
    const held = this.#holding.get(metadata.uid) ?? this.#take(recording);
    if (!status?.agora) return;
    const push = status.agora.state === 'ended' ? 'none' : 'granted';
    if (held.push === push) return;
    this.#note(held, push);
    if (push === 'none') this.#wakeNext();
  }

  /** Agora has granted the recording's push. */
  pushGranted({ metadata }: MeetingRecording): void {
    const held = this.#holding.get(metadata.uid);
    if (held) this.#note(held, 'granted');
    if (this.#options.gate.granted(this.#pushes.granted)) this.#wakeNext();
  }

  /** Agora has no room for the recording's push: back to the queue, to the place that its age gives it. */
  pushRefused(key: string, recording: MeetingRecording): void {
    this.#letGo(recording.metadata.uid);
    this.providerIsFull();
    this.#enqueue(key, recording);
    this.#wakeNext();
  }

  /** Agora is known to have no more room than for what it carries. */
  providerIsFull(): void {
    this.#options.gate.refused(this.#pushes.granted);
  }

  /** A push has ended, be it of a recording that still has work to do, or of one that nobody knows any more. */
  pushEnded(uid?: string): void {
    const held = uid === undefined ? undefined : this.#holding.get(uid);
    if (held) this.#note(held, 'none');
    else this.#options.gate.freed();
    this.#wakeNext();
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
    const position = this.#position(waiting);
    const before = waiting ? this.#forProvider.countBefore(waiting) : this.#forProvider.length;
    if (!this.#claim(recording).needsProvider || before < this.#pushesLeft())
      return { admitted: false, position, lacks: 'slot' };
    const { waitMs } = this.#options.gate;
    return { admitted: false, position, lacks: 'provider', ...(before === 0 && waitMs > 0 && { waitMs }) };
  }

  /** Tells those whose turn has come. */
  #wakeNext(): void {
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
    const { maxPushes = Number.POSITIVE_INFINITY, gate } = this.#options;
    const { granted, asking } = this.#pushes;
    return Math.min(maxPushes - granted - asking, gate.left({ granted, asking }));
  }

  #note(held: Held, push: Held['push']): void {
    this.#pushes[held.push] -= 1;
    this.#pushes[push] += 1;
    held.push = push;
  }

  #claim(recording: MeetingRecording): Claim {
    const { weigh = () => 1, maxConcurrent } = this.#options;
    // One that is heavier than all slots together records alone.
    const weight = Math.min(weigh(recording), maxConcurrent);
    return { weight, needsProvider: recording.spec.source.agora !== undefined };
  }

  #take(recording: MeetingRecording): Held {
    const { weight, needsProvider } = this.#claim(recording);
    const held: Held = { weight, push: needsProvider ? 'asking' : 'none' };
    this.#holding.set(recording.metadata.uid, held);
    this.#slotsTaken += weight;
    this.#pushes[held.push] += 1;
    return held;
  }

  #forget(uid: string): void {
    this.#dequeue(uid);
    if (this.#letGo(uid)) this.#wakeNext();
  }

  #letGo(uid: string): boolean {
    const held = this.#holding.get(uid);
    if (!held) return false;
    this.#holding.delete(uid);
    this.#slotsTaken -= held.weight;
    this.#pushes[held.push] -= 1;
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
