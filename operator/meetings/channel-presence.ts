import { Schema } from 'mongoose';
import type { Connection, Model } from 'mongoose';
import { isDuplicateKey } from './database-error.ts';
import { SCHEMA_OPTIONS } from './schema-options.ts';

/** The latest that is known of somebody. */
export interface Presence {
  uid: string;
  /** Of the event that told it. */
  order: number;
  at: Date;
  isIn: boolean;
  /** False: they only watch. */
  sends: boolean;
}

/** What a channel's events have told of it. */
export interface ChannelDocument {
  /** The channel's name. */
  _id: string;
  /** By the participant's uid, encoded. */
  participants: Record<string, Presence>;
  /** When the latest of the events happened that told of it. */
  lastEventAt: Date;
  /** When an event was last taken in. */
  seenAt: Date;
  /** When the channel was last destroyed: whoever came before that is gone. */
  endedAt?: Date | null;
  /** The meeting that takes place, from the first who came until all have left; null in between. */
  session?: ChannelSession | null;
  /** That everybody has left was seen to. */
  isSettled?: boolean;
  /** Grows with every event. */
  revision?: number;
  /** What Agora said of everybody when it was last asked is as of this time: events from before are old news. */
  polledAt?: Date | null;
  /** Asked then, Agora knew of nobody; null where somebody was seen or told of since. */
  emptyAt?: Date | null;
}

/** What is found out about a channel without an event of it. */
export interface ChannelRevision {
  /** Those of whom something else is known than before, by their field. */
  readonly participants: Record<string, Presence>;
  readonly fields: Partial<Omit<ChannelDocument, '_id' | 'participants' | 'revision' | 'session'>>;
  /** Whether something has changed that decisions depend on. */
  readonly isNews: boolean;
}

export interface ChannelSession {
  at: Date;
  /** Recordings that start by themselves were started, or nobody wants that any more. */
  isHandled: boolean;
}

export type ChannelModel = Model<ChannelDocument>;

const schema = new Schema<ChannelDocument>(
  {
    _id: { type: String, required: true },
    participants: { type: Schema.Types.Mixed, default: () => ({}) },
    lastEventAt: { type: Date, required: true },
    seenAt: { type: Date, required: true },
    endedAt: { type: Date },
    session: { _id: false, type: { at: Date, isHandled: Boolean } },
    isSettled: { type: Boolean },
    revision: { type: Number },
    polledAt: { type: Date },
    emptyAt: { type: Date },
  },
  { ...SCHEMA_OPTIONS, collection: 'channels', minimize: false },
);
schema.index({ seenAt: 1 });

export function channelModel(connection: Connection): ChannelModel {
  return connection.model<ChannelDocument>('Channel', schema);
}

export interface PresenceEvent {
  readonly channel: string;
  readonly uid: string;
  readonly isIn: boolean;
  readonly sends: boolean;
  /** Grows with each event of this participant: what comes with a lower one is old news. */
  readonly order: number;
  readonly at: Date;
}

/** Who is in which channel, in the database. Events may come late, twice, out of order, and to any replica. */
export class ChannelPresence {
  readonly #channels: ChannelModel;
  readonly #now: () => Date;
  /** The last write of each channel that is under way. */
  readonly #writes = new Map<string, Promise<unknown>>();

  constructor(options: { channels: ChannelModel; now: () => Date }) {
    this.#channels = options.channels;
    this.#now = options.now;
  }

  async note({ channel, uid, isIn, sends, order, at }: PresenceEvent): Promise<void> {
    const field = `participants.${fieldOf(uid)}`;
    const presence: Presence = { uid, order, at, isIn, sends };
    await this.#update(
      {
        _id: channel,
        $or: [{ [field]: null }, { [`${field}.order`]: { $lt: order } }],
        polledAt: { $not: { $gt: at } },
      },
      { [field]: presence },
      at,
    );
  }

  /** The channel is there, and somebody in it, whoever that is. */
  async opened(channel: string, at: Date): Promise<void> {
    await this.#update({ _id: channel }, {}, at);
  }

  /** The channel is gone, and with it everybody in it. */
  async ended(channel: string, at: Date): Promise<void> {
    await this.#update({ _id: channel }, {}, at, { endedAt: at });
    await this.#inTurn(channel, () =>
      this.#channels.updateOne({ _id: channel, 'session.at': { $lte: at } }, { $set: { session: null } }),
    );
  }

  async find(channel: string): Promise<ChannelDocument | undefined> {
    return (await this.#channels.findById(channel).lean<ChannelDocument | null>()) ?? undefined;
  }

  /**
   * Changes what is known of the channel by what was known; false where that is no news, or where it has changed
   * meanwhile, so that whoever asks again finds out.
   */
  async revise(
    channel: string,
    decide: (known: ChannelDocument | undefined) => ChannelRevision | undefined,
  ): Promise<boolean> {
    return await this.#inTurn(channel, async () => {
      const known = await this.find(channel);
      const revision = decide(known);
      if (revision === undefined) return false;
      const isWritten =
        known === undefined ? await this.#add(channel, revision) : await this.#revise(known, revision);
      return isWritten && revision.isNews;
    });
  }

  /** Opens the channel's session; undefined where it is open already. */
  async begin(channel: string, at: Date): Promise<ChannelSession | undefined> {
    const session = { at, isHandled: false };
    const { modifiedCount } = await this.#inTurn(channel, () =>
      this.#channels.updateOne({ _id: channel, session: null }, { $set: { session } }),
    );
    return modifiedCount > 0 ? session : undefined;
  }

  async handled(channel: string, { at }: ChannelSession): Promise<void> {
    await this.#inTurn(channel, () =>
      this.#channels.updateOne({ _id: channel, 'session.at': at }, { $set: { 'session.isHandled': true } }),
    );
  }

  /** Everybody has left, and that was seen to; unless somebody has come meanwhile. */
  async settled({ _id, seenAt }: ChannelDocument): Promise<void> {
    await this.#inTurn(_id, () =>
      this.#channels.updateOne({ _id, seenAt }, { $set: { isSettled: true, session: null } }),
    );
  }

  async forget({ _id, seenAt }: ChannelDocument): Promise<void> {
    await this.#channels.deleteOne({ _id, seenAt });
  }

  pending(): Promise<ChannelDocument[]> {
    return this.#channels.find({ 'session.isHandled': false }).lean<ChannelDocument[]>();
  }

  /** Channels that nothing was told of since. */
  quietSince(since: Date): Promise<ChannelDocument[]> {
    return this.#channels.find({ seenAt: { $lte: since } }).lean<ChannelDocument[]>();
  }

  async #add(_id: string, { participants, fields }: ChannelRevision): Promise<boolean> {
    const seenAt = this.#now();
    try {
      await this.#channels.create({ _id, participants, lastEventAt: seenAt, seenAt, revision: 1, ...fields });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async #revise(known: ChannelDocument, { participants, fields, isNews }: ChannelRevision): Promise<boolean> {
    const { _id, revision = null } = known;
    const changed = Object.entries(participants).map(([field, it]) => [`participants.${field}`, it] as const);
    const news = isNews ? { seenAt: this.#now(), isSettled: false } : {};
    const { matchedCount } = await this.#channels.updateOne(
      { _id, revision },
      {
        $set: { ...news, ...fields, ...Object.fromEntries(changed) },
        ...(isNews && { $inc: { revision: 1 } }),
      },
    );
    return matchedCount > 0;
  }

  async #update(
    filter: { _id: string; $or?: object[]; polledAt?: object },
    set: object,
    at: Date,
    max: { endedAt?: Date } = {},
  ): Promise<void> {
    await this.#inTurn(filter._id, () => this.#write(filter, set, at, max));
  }

  /**
   * News of one channel come together, and not every database that speaks MongoDB's protocol keeps what two updates of
   * one document change at once.
   */
  async #inTurn<T>(channel: string, write: () => PromiseLike<T>): Promise<T> {
    const before = this.#writes.get(channel) ?? Promise.resolve();
    const turn = before.then(write, write);
    this.#writes.set(channel, turn);
    try {
      return await turn;
    } finally {
      if (this.#writes.get(channel) === turn) this.#writes.delete(channel);
    }
  }

  async #write(
    filter: { _id: string; $or?: object[]; polledAt?: object },
    set: object,
    at: Date,
    max: { endedAt?: Date },
  ): Promise<void> {
    try {
      await this.#channels.updateOne(
        filter,
        {
          $set: { ...set, seenAt: this.#now(), isSettled: false, emptyAt: null },
          $max: { lastEventAt: at, ...max },
          $inc: { revision: 1 },
        },
        { upsert: true },
      );
    } catch (error) {
      // The channel is there, and knows better; or another replica has just made it.
      if (!isDuplicateKey(error)) throw error;
      if ('$or' in filter) await this.#updateKnown(filter, set, at);
      else await this.#write(filter, set, at, max);
    }
  }

  async #updateKnown(filter: object, set: object, at: Date): Promise<void> {
    await this.#channels.updateOne(filter, {
      $set: { ...set, seenAt: this.#now(), isSettled: false, emptyAt: null },
      $max: { lastEventAt: at },
      $inc: { revision: 1 },
    });
  }
}

/** Where somebody stands among the participants: a name that means nothing to the database, whatever the uid is. */
export function fieldOf(uid: string): string {
  return `u${Buffer.from(uid).toString('hex')}`;
}

/** Who is in the channel, in the order in which they came. */
export function peopleIn({ participants, endedAt }: ChannelDocument): Presence[] {
  return Object.values(participants)
    .filter(({ isIn, at }) => isIn && (!endedAt || at >= endedAt))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime() || compareUids(a.uid, b.uid));
}

function compareUids(a: string, b: string): number {
  return Number(a) - Number(b) || (a < b ? -1 : 1);
}
