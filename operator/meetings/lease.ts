import { Schema } from 'mongoose';
import type { Connection, Model } from 'mongoose';
import { isDuplicateKey } from './database-error.ts';
import { SCHEMA_OPTIONS } from './schema-options.ts';

export interface LeaseDocument {
  /** What one process at a time does. */
  _id: string;
  holder: string;
  until: Date;
}

export type LeaseModel = Model<LeaseDocument>;

const schema = new Schema<LeaseDocument>(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { ...SCHEMA_OPTIONS, collection: 'leases' },
);

export function leaseModel(connection: Connection): LeaseModel {
  return connection.model<LeaseDocument>('Lease', schema);
}

interface LeaseOptions {
  readonly leases: LeaseModel;
  readonly name: string;
  /** Tells this process from others. */
  readonly holder: string;
  readonly now: () => Date;
}

/** Keeps replicas from doing the same work; by their clocks, so that now and then two may be at it. */
export class Lease {
  readonly #options: LeaseOptions;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Takes or keeps it for so many milliseconds; false where another process has it. */
  async hold(ms: number): Promise<boolean> {
    const { leases, name, holder, now } = this.#options;
    const at = now();
    try {
      await leases.updateOne(
        { _id: name, $or: [{ holder }, { until: { $lte: at } }] },
        { $set: { holder, until: new Date(at.getTime() + ms) } },
        { upsert: true },
      );
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
