import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { isNotFound } from './kube/api-error.ts';
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
  log: Logger;
  /** reportingController: a qualified name, for example meetrec.dev/controller. */
  controller: string;
  /** reportingInstance: the pod's name. */
  instance: string;
  /** Events that may wait to be sent; beyond that they are dropped, for events must not hold up work. */
  maxPending?: number;
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
const MAX_PENDING = 20_000;
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
}

/**
 * Tells people what happened to an object, without making anybody wait for it: a few requests at a time, however much
 * happens, so that in a burst the API server is there for the work itself; the events follow.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #seen = new Map<string, { ref: ObjectRef; count: number; atMs: number }>();
  readonly #lanes: Lane<Pending>[];
  #closed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: LANES }, () => new Lane((pending) => this.#trySend(pending)));
  }

  /** Never throws; a failure is logged. */
  record(regarding: KubeObject, details: EventDetails): void {
    const pending = this.#lanes.reduce((sum, lane) => sum + lane.length, 0);
    if (this.#closed || pending >= (this.#options.maxPending ?? MAX_PENDING)) return;
    const { apiVersion, kind, metadata } = regarding;
    const { namespace = 'default', name = '', uid, resourceVersion } = metadata;
    this.#lanes[laneOf(uid ?? '')]?.push({
      regarding: { apiVersion, kind, namespace, name, uid, resourceVersion },
      details,
      atMs: this.#options.clock.now(),
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
    this.#closed = true;
  }

  async #trySend(pending: Pending): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#send(pending);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ error: why, reason: pending.details.reason }, 'an event was not recorded');
    }
  }

  async #send({ regarding, details, atMs }: Pending): Promise<void> {
    const { client } = this.#options;
    const { type, reason, action, note } = details;
    const id = [regarding.uid, type, reason, action, note].join('\n');
    const seen = this.#seen.get(id);
    const time = new Date(atMs).toISOString().replace('Z', '000Z');
    if (seen && atMs - seen.atMs < AGGREGATE_MS) {
      seen.count++;
      seen.atMs = atMs;
      const body = { series: { count: seen.count, lastObservedTime: time } };
      try {
        await client.patch(EVENTS, seen.ref, { type: 'merge', body }, { timeoutMs: 10_000 });
        return;
      } catch (error) {
        // Events expire; then it is told anew.
        if (!isNotFound(error)) throw error;
      }
    }
    const event = await client.create(EVENTS, this.#event(regarding, details, time), { timeoutMs: 10_000 });
    this.#seen.delete(id);
    this.#seen.set(id, { ref: refOf(event), count: 1, atMs });
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > MAX_REMEMBERED && !oldest.done) this.#seen.delete(oldest.value);
  }

  #event(regarding: Regarding, details: EventDetails, time: string): KubeObject & Record<string, unknown> {
    const { namespace, name } = regarding;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace, generateName: `${name}-` } as KubeObject['metadata'],
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

function laneOf(uid: string): number {
  let sum = 0;
  for (let i = 0; i < uid.length; i++) sum += uid.charCodeAt(i);
  return sum % LANES;
}
