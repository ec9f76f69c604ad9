import * as z from 'zod';

const seconds = z.number().nonnegative();

/** What may go wrong with a REST request. */
const restFault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    message: z.string().default(''),
  }),
  /** The request is carried out, but the answer is 504. */
  z.strictObject({ kind: z.literal('done-but-504') }),
  /** No answer, for good or for a time after which the connection is cut. */
  z.strictObject({ kind: z.literal('hang'), seconds: seconds.optional() }),
  /** 200 with something that is no JSON. */
  z.strictObject({ kind: z.literal('garbage') }),
]);

/** What may go wrong with a push, `afterSeconds` after its media began to flow. */
const pushFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('late-start'), seconds }),
  /** The connection is reset, and made anew after a time. */
  z.strictObject({
    kind: z.literal('drop'),
    afterSeconds: seconds.default(0),
    reconnectSeconds: seconds.default(2),
  }),
  /** Nothing is sent for a time, with the connection open. */
  z.strictObject({ kind: z.literal('stall'), afterSeconds: seconds.default(0), seconds }),
  /** The task moves: the connection is reset, and made anew after a time from another source address. */
  z.strictObject({
    kind: z.literal('fail-over'),
    afterSeconds: seconds.default(0),
    seconds: seconds.default(5),
    localAddress: z.string().default('127.0.0.2'),
  }),
  /** The converter's state becomes failed, and it pushes no more. */
  z.strictObject({ kind: z.literal('fail'), afterSeconds: seconds.default(0) }),
]);

/** What may go wrong with a notification. */
const webhookFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('duplicate') }),
  z.strictObject({ kind: z.literal('lose') }),
  z.strictObject({ kind: z.literal('delay'), seconds }),
]);

const place = { name: z.string().optional(), channel: z.string().optional() };
const count = z.int().positive().default(1);

/** One entry of `PUT /control/faults`: happens `count` times to whatever matches. */
const fault = z.union([
  z.strictObject({
    match: z.strictObject({
      operation: z.enum(['create', 'delete', 'update', 'get', 'list', 'users']),
      ...place,
    }),
    fault: restFault,
    count,
  }),
  z.strictObject({
    match: z.strictObject({ operation: z.literal('push'), ...place }),
    fault: pushFault,
    count,
  }),
  z.strictObject({
    match: z.strictObject({
      operation: z.literal('webhook'),
      productId: z.int().optional(),
      eventType: z.int().optional(),
      ...place,
    }),
    fault: webhookFault,
    count,
  }),
]);

export const faultList = z.array(fault);
export const immediatePushFault = pushFault;

export type Fault = z.output<typeof fault>;
export type FaultInput = z.input<typeof fault>;
export type RestFault = z.output<typeof restFault>;
export type PushFault = z.output<typeof pushFault>;
export type WebhookFault = z.output<typeof webhookFault>;
export type RestOperation = 'create' | 'delete' | 'update' | 'get' | 'list' | 'users';

interface Place {
  name?: string | undefined;
  channel?: string | undefined;
}

/** What has been arranged to go wrong; each take uses one count up. */
export class Faults {
  #faults: Fault[] = [];

  replace(faults: readonly FaultInput[]): void {
    this.#faults = faultList.parse(faults);
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  takeRest(operation: RestOperation, place: Place): RestFault | undefined {
    for (const entry of this.#faults) {
      if (isRest(entry) && entry.match.operation === operation && matches(entry.match, place)) {
        this.#use(entry);
        return entry.fault;
      }
    }
    return undefined;
  }

  /** A push has all its faults at once: a late start and a stall can be arranged together. */
  takePush(place: Place): PushFault[] {
    const taken: PushFault[] = [];
    for (const entry of [...this.#faults]) {
      if (isPush(entry) && matches(entry.match, place)) {
        this.#use(entry);
        taken.push(entry.fault);
      }
    }
    return taken;
  }

  takeWebhook(event: { productId: number; eventType: number }, place: Place): WebhookFault | undefined {
    for (const entry of this.#faults) {
      if (!isWebhook(entry) || !matches(entry.match, place)) continue;
      if (entry.match.productId !== undefined && entry.match.productId !== event.productId) continue;
      if (entry.match.eventType !== undefined && entry.match.eventType !== event.eventType) continue;
      this.#use(entry);
      return entry.fault;
    }
    return undefined;
  }

  #use(entry: Fault): void {
    entry.count -= 1;
    if (entry.count === 0) this.#faults = this.#faults.filter((other) => other !== entry);
  }
}

type PushEntry = Extract<Fault, { fault: PushFault }>;
type WebhookEntry = Extract<Fault, { fault: WebhookFault }>;
type RestEntry = Exclude<Fault, PushEntry | WebhookEntry>;

function isPush(entry: Fault): entry is PushEntry {
  return entry.match.operation === 'push';
}

function isWebhook(entry: Fault): entry is WebhookEntry {
  return entry.match.operation === 'webhook';
}

function isRest(entry: Fault): entry is RestEntry {
  return !isPush(entry) && !isWebhook(entry);
}

function matches(match: Place, place: Place): boolean {
  return (
    (match.name === undefined || match.name === place.name) &&
    (match.channel === undefined || match.channel === place.channel)
  );
}
