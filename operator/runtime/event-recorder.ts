import type { Logger } from 'pino';
import { Backoff } from './backoff.ts';
import { sleep } from './clock.ts';
import type { Clock } from './clock.ts';
import { ApiError, isAlreadyExists, isNotFound } from './kube/api-error.ts';
import type { KubeClient } from './kube/client.ts';
import { Lane } from './lane.ts';
import { refOf } from './kube/resource.ts';
import type { KubeObject, ObjectRef } from './kube/objects.ts';
import type { Resource } from './kube/resource.ts';

/** events.k8s.io/v1 */
export const EVENTS: Resource<KubeObject> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  namespaced: true,
};

export interface EventRecorderOptions {
  client: Pick<KubeClient, 'create' | 'patch'>;
  clock: Clock;
  /** From 0 up to 1. */
  random: () => number;
  log: Logger;
  /** reportingController: a qualified name, for example meetrec.dev/controller. */
  controller: string;
  /** reportingInstance: the pod's name. */
  instance: string;
  /** Events that may wait to be sent; beyond that they are dropped, for events must not hold up work. */
  maxPending?: number;
  /** Called for each event that nobody will ever read. */
  onLost?: () => void;
}

export interface EventDetails {
  type: 'Normal' | 'Warning';
  /** CamelCase. */
  reason: string;
  /** What was done or noticed, CamelCase. */
  action: string;
  note: string;
}

/** The same event of the same object within this time is counted, not repeated; milliseconds. */
const AGGREGATE_MS = 10 * 60_000;
const MAX_NOTE_LENGTH = 1024;
const MAX_REMEMBERED = 4096;
/** Ten thousand recordings tell of five changes each, and of some trouble; one that waits takes less than a kilobyte. */
const MAX_PENDING = 60_000;
/** How often an event is tried while the API server is away or busy: for about a minute and a half. */
const MAX_TRIES = 16;
const BACKOFF = { baseMs: 1000, maxMs: 10_000 };
/** An object's name may be as long as this together with what makes an event's name its own. */
const MAX_NAME_LENGTH = 220;
/** Events of one object keep their order; those of so many objects are sent side by side. */
const LANES = 4;

/** As much of an object as its events name: it may be long gone from the cache when its turn comes. */
interface Regarding extends ObjectRef {
  namespace: string;
  apiVersion: string | undefined;
  kind: string | undefined;
  uid: string | undefined;
  resourceVersion: string | undefined;
}

interface Pending {
  readonly regarding: Regarding;
  readonly details: EventDetails;
  /** Unix milliseconds at which it happened. */
  readonly atMs: number;
  /** The event's own name, so that trying again makes no second one. */
  readonly name: string;
}

/**
 * Tells people what happened to an object, without making anybody wait for it: a few requests at a time, however much
 * happens, so that in a burst the API server is there for the work itself; the events follow, also when it was away.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #seen = new Map<string, { ref: ObjectRef; count: number; atMs: number }>();
  readonly #lanes: Lane<Pending>[];
  readonly #over = new AbortController();
  #serial = 0;
  /** So many wait that some were dropped; it is said once each time. */
  #overflowing = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: LANES }, () => new Lane((pending) => this.#trySend(pending)));
  }

  /** Never throws; a failure is counted and logged. */
  record(regarding: KubeObject, details: EventDetails): void {
    if (!this.#hasRoom()) {
      this.#options.onLost?.();
      return;
    }
    const { apiVersion, kind, metadata } = regarding;
    const { namespace = 'default', name = '', uid, resourceVersion } = metadata;
    const atMs = this.#options.clock.now();
    this.#lanes[laneOf(uid ?? '')]?.push({
      regarding: { apiVersion, kind, namespace, name, uid, resourceVersion },
      details,
      atMs,
      name: eventName(name, atMs, this.#serial++),
    });
  }

  /** Resolves when everything recorded so far has been sent or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.idle()));
  }

  /** Sends what waits, for so many milliseconds; what is left then is dropped. */
  async close(limitMs: number): Promise<void> {
    const late = Promise.withResolvers<undefined>();
    const timer = this.#options.clock.after(limitMs, () => late.resolve(undefined));
    await Promise.race([this.flush(), late.promise]);
    timer.cancel();
    this.#over.abort();
    const events = this.#pending;
    if (events > 0) this.#options.log.warn({ events }, 'ended before all events were sent');
  }

  /** How many wait to be sent. */
  get #pending(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.length, 0);
  }

  #hasRoom(): boolean {
    if (this.#over.signal.aborted) return false;
    const { maxPending = MAX_PENDING, log } = this.#options;
    const pending = this.#pending;
    if (pending >= maxPending && !this.#overflowing) {
      this.#overflowing = true;
      log.warn({ pending }, 'too many events wait to be sent; those that come now are lost');
    }
    if (pending < maxPending / 2) this.#overflowing = false;
    return pending < maxPending;
  }

  /** Never rejects. */
  async #trySend(pending: Pending): Promise<void> {
    const { clock, random, log, onLost } = this.#options;
    const { signal } = this.#over;
    const backoff = new Backoff({ ...BACKOFF, random });
    let last: unknown;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await this.#send(pending);
        return;
      } catch (error) {
        last = error;
        if (tries === MAX_TRIES || isRefusal(error)) break;
        const waitMs = Math.max(backoff.next(), (error instanceof ApiError && error.retryAfterMs) || 0);
        await sleep(clock, waitMs, signal).catch(() => undefined);
      }
    }
    onLost?.();
    if (signal.aborted) return;
    const why = last instanceof Error ? last.message : String(last);
    log.warn({ error: why, reason: pending.details.reason }, 'an event was not recorded');
  }

  async #send({ regarding, details, atMs, name }: Pending): Promise<void> {
    const { client } = this.#options;
    const { type, reason, action, note } = details;
    const id = [regarding.uid, type, reason, action, note].join('\n');
    const seen = this.#seen.get(id);
    const time = new Date(atMs).toISOString().replace('Z', '000Z');
    if (seen && atMs - seen.atMs < AGGREGATE_MS) {
      const count = seen.count + 1;
      const body = { series: { count, lastObservedTime: time } };
      try {
        await client.patch(EVENTS, seen.ref, { type: 'merge', body }, { timeoutMs: 10_000 });
        this.#seen.set(id, { ref: seen.ref, count, atMs });
        return;
      } catch (error) {
        // Events expire; then it is told anew.
        if (!isNotFound(error)) throw error;
      }
    }
    const event = this.#event({ namespace: regarding.namespace, name }, regarding, details, time);
    try {
      await client.create(EVENTS, event, { timeoutMs: 10_000 });
    } catch (error) {
      // It had arrived already; only the answer had not.
      if (!isAlreadyExists(error)) throw error;
    }
    this.#seen.delete(id);
    this.#seen.set(id, { ref: refOf(event), count: 1, atMs });
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > MAX_REMEMBERED && !oldest.done) this.#seen.delete(oldest.value);
  }

  #event(
    metadata: ObjectRef,
    regarding: Regarding,
    details: EventDetails,
    time: string,
  ): KubeObject & Record<string, unknown> {
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { ...metadata },
      eventTime: time,
      type: details.type,
      reason: details.reason,
      action: details.action,
      note: details.note.slice(0, MAX_NOTE_LENGTH),
      regarding,
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance,
    };
  }
}

/** Unlike that of every other event of the object: a DNS subdomain, as all names are. */
function eventName(name: string, atMs: number, serial: number): string {
  const head = name.length > MAX_NAME_LENGTH ? name.slice(0, MAX_NAME_LENGTH).replace(/[-.]+$/, '') : name;
  return `${head}.${atMs.toString(16)}.${serial.toString(16)}`;
}

/** The API server has looked at it and does not want it; it would say the same again. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status < 500 && error.status !== 429;
}

function laneOf(uid: string): number {
  let sum = 0;
  for (let i = 0; i < uid.length; i++) sum += uid.charCodeAt(i);
  return sum % LANES;
}
