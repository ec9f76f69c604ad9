import { Schema } from 'mongoose';
import type { Connection, Model } from 'mongoose';
import { isDuplicateKey } from './database-error.ts';
import { SCHEMA_OPTIONS } from './schema-options.ts';
import type { WebhookMessage } from './webhook-message.ts';

/** A message on its way to the backend. */
export interface OutboxEntry {
  /** The message's id. */
  _id: string;
  cluster: string;
  recordingId: string;
  state: 'pending' | 'delivered' | 'abandoned';
  /** What is sent, byte for byte. */
  body: string;
  attempts: number;
  /** Not before: the time of the next try, or the end of the lease of whoever is at it. */
  dueAt: Date;
  createdAt: Date;
  /** Why the last try failed. */
  lastError: string | null;
}

export type OutboxModel = Model<OutboxEntry>;

const schema = new Schema<OutboxEntry>(
  {
    _id: { type: String, required: true },
    cluster: { type: String, required: true },
    recordingId: { type: String, required: true },
    state: { type: String, required: true },
    body: { type: String, required: true },
    attempts: { type: Number, required: true },
    dueAt: { type: Date, required: true },
    createdAt: { type: Date, required: true },
    lastError: { type: String, default: null },
  },
  { ...SCHEMA_OPTIONS, collection: 'webhooks' },
);
schema.index({ cluster: 1, state: 1, dueAt: 1 });
schema.index({ createdAt: 1 });

export function outboxModel(connection: Connection): OutboxModel {
  return connection.model<OutboxEntry>('Webhook', schema);
}

/** Messages that are to be delivered, and those that were: what makes a message be made once. */
export class WebhookOutbox {
  readonly #entries: OutboxModel;
  readonly #cluster: string;

  constructor(options: { entries: OutboxModel; cluster: string }) {
    this.#entries = options.entries;
    this.#cluster = options.cluster;
  }

  /** Puts a message in, unless it is or was there. */
  async add(message: WebhookMessage, now: Date): Promise<void> {
    const entry: OutboxEntry = {
      _id: message.id,
      cluster: this.#cluster,
      recordingId: message.recordingId,
      state: 'pending',
      body: JSON.stringify(message),
      attempts: 0,
      dueAt: now,
      createdAt: now,
      lastError: null,
    };
    try {
      await this.#entries.create([entry]);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Messages whose time has come, those that have waited longest first. */
  due(now: Date, limit: number): Promise<OutboxEntry[]> {
    return this.#entries
      .find({ cluster: this.#cluster, state: 'pending', dueAt: { $lte: now } })
      .sort({ dueAt: 1, createdAt: 1 })
      .limit(limit)
      .lean<OutboxEntry[]>();
  }

  /** Takes a message for one try; false where another replica was quicker. Nobody else takes it before `until`. */
  async lease(entry: OutboxEntry, until: Date): Promise<boolean> {
    const { modifiedCount } = await this.#entries.updateOne(
      { _id: entry._id, state: 'pending', attempts: entry.attempts },
      { $set: { attempts: entry.attempts + 1, dueAt: until } },
    );
    return modifiedCount === 1;
  }

  async delivered(id: string): Promise<void> {
    await this.#entries.updateOne({ _id: id }, { $set: { state: 'delivered', lastError: null } });
  }

  /** @param next when to try again; undefined: never */
  async failed(id: string, error: string, next: Date | undefined): Promise<void> {
    const change = next === undefined ? { state: 'abandoned' as const } : { dueAt: next };
    await this.#entries.updateOne({ _id: id, state: 'pending' }, { $set: { ...change, lastError: error } });
  }

  /** Forgets messages that were done with before then. */
  async forget(before: Date): Promise<void> {
    await this.#entries.deleteMany({
      createdAt: { $lt: before },
      state: { $in: ['delivered', 'abandoned'] },
    });
  }
}
