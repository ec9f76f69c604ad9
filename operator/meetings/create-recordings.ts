import type { Database } from './database.ts';
import type { Downloads } from './downloads.ts';
import { MeetingRegistry } from './meeting-registry.ts';
import { Projection } from './projection.ts';
import type { RecordingObjects } from './recording-objects.ts';
import type { RecordingDefaults } from './recording-request.ts';
import { RecordingArchive } from './recording-archive.ts';
import { RecordingService } from './recording-service.ts';
import { RecordingStarter } from './recording-starter.ts';
import { RecordingStopper } from './recording-stopper.ts';
import { RecordingStore } from './recording-store.ts';
import { Retention } from './retention.ts';
import type { RetentionOptions } from './retention.ts';
import { StatusReader } from './status-reader.ts';
import type { StatusReaderOptions } from './status-reader.ts';
import { Sweep } from './sweep.ts';
import { WebhookAnnouncer } from './webhook-announcer.ts';
import { WebhookDelivery } from './webhook-delivery.ts';
import { WebhookOutbox } from './webhook-outbox.ts';

interface RecordingsOptions extends Pick<StatusReaderOptions, 'watched' | 'recorders'> {
  readonly database: Pick<Database, 'meetings' | 'recordings' | 'webhooks'>;
  readonly objects: RecordingObjects;
  readonly downloads: Downloads;
  readonly defaults: RecordingDefaults;
  /** Of the objects. */
  readonly namespace: string;
  /** Tells this cluster from others that share the database. */
  readonly cluster: string;
  /** The master key that every stream key is derived from. */
  readonly streamKeySecret: string;
  /** How many recordings wait for a slot. */
  readonly queued: () => number;
  /** As many may wait; then a start is refused. */
  readonly maxQueued: number;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Told of a recording that a sweep could not see to. */
  readonly onSweepError: (error: unknown, recordingId: string) => void;
  /** Whom to tell of what happens to recordings; nobody, where absent. */
  readonly webhook?: WebhookTarget | undefined;
  /** Removes files whose time is over; absent where nothing is ever removed. */
  readonly retention?: Pick<RetentionOptions, 'remove' | 'defaultDays' | 'onError'> | undefined;
  readonly sweep?: { readonly settleMs?: number; readonly giveUpMs?: number };
}

interface WebhookTarget extends Pick<
  ConstructorParameters<typeof WebhookDelivery>[0],
  'url' | 'secret' | 'random' | 'onFailure' | 'onError' | 'firstRetryMs' | 'pollIntervalMs'
> {}

export interface Recordings {
  readonly service: RecordingService;
  readonly archive: RecordingArchive;
  readonly registry: MeetingRegistry;
  readonly projection: Projection;
  readonly sweep: Sweep;
  readonly store: RecordingStore;
  readonly retention: Retention | undefined;
  /** Absent where nobody is told. */
  readonly delivery: WebhookDelivery | undefined;
}

/** The meeting model's side of recording, put together: also for a backend in TypeScript that wants it in its process. */
export function createRecordings(options: RecordingsOptions): Recordings {
  const { objects, cluster, namespace, now } = options;
  const { meetings, recordings } = options.database;
  const isAnnounced = options.webhook !== undefined;
  const store = new RecordingStore({ meetings, recordings, cluster, isAnnounced });
  const outbox = new WebhookOutbox({ entries: options.database.webhooks, cluster });
  const delivery = options.webhook && new WebhookDelivery({ ...options.webhook, outbox, now });
  const announcer = delivery && new WebhookAnnouncer({ store, outbox, now, onAdded: () => delivery.nudge() });
  const projection = new Projection({ store, objects, cluster, announcer, now });
  const stopper = new RecordingStopper({ store, objects, projection, now });
  const starter = new RecordingStarter({ store, objects, projection, stopper, namespace });
  const { watched, recorders } = options;
  const statusReader = new StatusReader({ store, objects, watched, recorders });
  return {
    store,
    projection,
    retention: options.retention && new Retention({ ...options.retention, store, projection, now }),
    delivery,
    registry: new MeetingRegistry({ meetings, now }),
    archive: new RecordingArchive({ store, downloads: options.downloads }),
    service: new RecordingService({ ...options, store, starter, stopper, statusReader }),
    sweep: new Sweep({
      ...options.sweep,
      store,
      objects,
      projection,
      starter,
      stopper,
      now,
      onError: options.onSweepError,
    }),
  };
}
