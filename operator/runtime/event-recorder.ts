import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { isNotFound } from './kube/api-error.ts';
import type { KubeClient } from './kube/client.ts';
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
/** Events of one object keep their order; those of so many objects are sent side by side. */
const LANES = 8;

/** Tells people what happened to an object, without making anybody wait for it. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #seen = new Map<string, { ref: ObjectRef; count: number; atMs: number }>();
  #pending = 0;
  readonly #lanes: Promise<void>[] = Array.from({ length: LANES }, () => Promise.resolve());
  #closed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Never throws; a failure is logged. */
  record(regarding: KubeObject, details: EventDetails): void {
    if (this.#closed || this.#pending >= (this.#options.maxPending ?? 1000)) return;
    this.#pending++;
    const lane = laneOf(regarding.metadata.uid ?? '');
    this.#lanes[lane] = (this.#lanes[lane] ?? Promise.resolve())
      .then(() => this.#send(regarding, details))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        this.#options.log.warn({ error: why, reason: details.reason }, 'an event was not recorded');
      })
      .finally(() => this.#pending--);
  }

  /** Resolves when everything recorded so far has been sent or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#lanes);
  }

  /** Sends what waits, for so many milliseconds; what is left then is dropped. */
  async close(limitMs: number): Promise<void> {
    const late = Promise.withResolvers<undefined>();
    const timer = this.#options.clock.after(limitMs, () => late.resolve(undefined));
    await Promise.race([this.flush(), late.promise]);
    timer.cancel();
    this.#closed = true;
  }

  async #send(regarding: KubeObject, details: EventDetails): Promise<void> {
    if (this.#closed) return;
    const { client, clock } = this.#options;
    const { type, reason, action, note } = details;
    const id = [regarding.metadata.uid, type, reason, action, note].join('\n');
    const now = clock.now();
    const seen = this.#seen.get(id);
    const time = new Date(now).toISOString().replace('Z', '000Z');
    if (seen && now - seen.atMs < AGGREGATE_MS) {
      seen.count++;
      seen.atMs = now;
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
    this.#seen.set(id, { ref: refOf(event), count: 1, atMs: now });
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > MAX_REMEMBERED && !oldest.done) this.#seen.delete(oldest.value);
  }

  #event(regarding: KubeObject, details: EventDetails, time: string): KubeObject & Record<string, unknown> {
    const { apiVersion, kind, metadata } = regarding;
    const { namespace = 'default', name = '', uid, resourceVersion } = metadata;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace, generateName: `${name}-` } as KubeObject['metadata'],
      eventTime: time,
      type: details.type,
      reason: details.reason,
      action: details.action,
      note: details.note.slice(0, MAX_NOTE_LENGTH),
      regarding: { apiVersion, kind, namespace, name, uid, resourceVersion },
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
