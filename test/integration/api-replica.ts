import { randomBytes } from 'node:crypto';
import { createRecordings } from '../../operator/meetings/create-recordings.ts';
import type { Recordings } from '../../operator/meetings/create-recordings.ts';
import type { Database } from '../../operator/meetings/database.ts';
import type { RecordingObjects } from '../../operator/meetings/recording-objects.ts';
import { RECORDING_DEFAULTS } from '../../operator/meetings/recording-request.ts';
import { NAMESPACE, STREAM_KEY_SECRET } from './api-world.ts';

export interface ReplicaOptions {
  /** Take the place of single calls to the API server. */
  readonly faults?: Partial<RecordingObjects>;
  readonly giveUpMs?: number;
  readonly webhook?: Parameters<typeof createRecordings>[0]['webhook'];
}

/** What a replica of the API does with the database and the cluster, without its HTTP; its sweep waits for nobody. */
export function createReplica(
  world: {
    readonly database: Pick<Database, 'meetings' | 'recordings' | 'webhooks'>;
    readonly objects: RecordingObjects;
  },
  options: ReplicaOptions,
): Recordings {
  const { database, objects } = world;
  const { faults, giveUpMs, webhook } = options;
  return createRecordings({
    database,
    objects: {
      create: (object) => objects.create(object),
      get: (name) => objects.get(name),
      stop: (name, reason, options) => objects.stop(name, reason, options),
      ...faults,
    },
    downloads: { url: () => Promise.reject(new Error('there are no files here')) },
    defaults: RECORDING_DEFAULTS,
    namespace: NAMESPACE,
    cluster: 'default',
    streamKeySecret: STREAM_KEY_SECRET,
    queued: () => 0,
    maxQueued: 1000,
    now: () => new Date(),
    randomBytes: (length) => randomBytes(length),
    onSweepError: (error) => {
      throw error;
    },
    webhook,
    sweep: { settleMs: 0, ...(giveUpMs === undefined ? {} : { giveUpMs }) },
  });
}
