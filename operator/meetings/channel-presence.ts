import { Schema } from 'mongoose';
import type { Connection, Model } from 'mongoose';
import { SCHEMA_OPTIONS } from './schema-options.ts';

/** Who is in an Agora channel, as far as its events have told. */
export interface ChannelDocument {
  /** The channel's name. */
  _id: string;
  /** By the participant's uid, encoded. */
  participants: Record<string, { order: number; isIn: boolean }>;
  /** When the latest of the events happened that told of it. */
  lastEventAt: Date;
  /** When an event was last taken in. */
  seenAt: Date;
}

export type ChannelModel = Model<ChannelDocument>;

const schema = new Schema<ChannelDocument>(
  {
    _id: { type: String, required: true },
    participants: { type: Schema.Types.Mixed, default: () => ({}) },
    lastEventAt: { type: Date, required: true },
    seenAt: { type: Date, required: true },
  },
  { ...SCHEMA_OPTIONS, collection: 'channels', minimize: false },
);
schema.index({ seenAt: 1 });

export function channelModel(connection: Connection): ChannelModel {
  return connection.model<ChannelDocument>('Channel', schema);
}

interface PresenceOptions {
  readonly channels: ChannelModel;
  /** A meeting's channel was left by everybody, the last one then. */
  readonly onLeft: (channel: string, at: Date) => Promise<void>;
  /** Milliseconds that somebody has to come back. */
  readonly graceMs: number;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

const DUPLICATE_KEY = 11_000;
/** News of a channel got lost: nobody stays in one for as long. */
const FORGET_MS = 7 * 24 * 60 * 60 * 1000;

/** Notices that everybody has left a channel. Events may come late, twice, out of order, and to any replica. */
export class ChannelPresence {
  readonly #options: PresenceOptions;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** @param event.order grows with each event of this participant: what comes with a lower one is old news */
  async note(event: { channel: string; uid: string; isIn: boolean; order: number; at: Date }): Promise<void> {
    const { channels, now } = this.#options;
    const { channel, uid, isIn, order, at } = event;
    // A name that means nothing to the database, whatever the uid is.
    const field = `participants.u${Buffer.from(uid).toString('hex')}`;
    try {
      await channels.updateOne(
        { _id: channel, $or: [{ [field]: null }, { [`${field}.order`]: { $lt: order } }] },
        { $set: { [field]: { order, isIn }, seenAt: now() }, $max: { lastEventAt: at } },
        { upsert: true },
      );
    } catch (error) {
      // The channel is there, and knows better.
      const isOld = error instanceof Error && 'code' in error && error.code === DUPLICATE_KEY;
      if (!isOld) throw error;
    }
  }

  /** The channel is gone, and with it everybody in it. */
  async forget(channel: string): Promise<void> {
    await this.#options.channels.deleteOne({ _id: channel });
  }

  /** Looks for channels that nobody has come back to. */
  async run(signal?: AbortSignal): Promise<void> {
    const { channels, graceMs, now, onLeft, onError } = this.#options;
    const quiet = await channels
      .find({ seenAt: { $lte: new Date(now().getTime() - graceMs) } })
      .lean<ChannelDocument[]>();
    for (const { _id, participants, lastEventAt, seenAt } of quiet) {
      signal?.throwIfAborted();
      const isEmpty = Object.values(participants).every(({ isIn }) => !isIn);
      const isForgotten = now().getTime() - seenAt.getTime() > FORGET_MS;
      if (!isEmpty && !isForgotten) continue;
      try {
        if (isEmpty) await onLeft(_id, lastEventAt);
        // Somebody may have come meanwhile.
        await channels.deleteOne({ _id, seenAt });
      } catch (error) {
        onError(error);
      }
    }
  }
}
