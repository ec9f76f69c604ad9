import type { Database } from './database.ts';
import { MeetingRegistry } from './meeting-registry.ts';
import { Projection } from './projection.ts';
import { RecordingArchive } from './recording-archive.ts';
import { RecordingService } from './recording-service.ts';
import type { RecordingServiceOptions } from './recording-service.ts';
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

type Given =
  | 'objects'
  | 'downloads'
  | 'defaults'
  | 'cluster'
  | 'streamKeySecret'
  | 'queued'
  | 'maxQueued'
  | 'now'
  | 'randomBytes';

interface RecordingsOptions
  extends Pick<RecordingServiceOptions, Given>, Pick<StatusReaderOptions, 'watched' | 'recorders'> {
  readonly database: Pick<Database, 'meetings' | 'recordings' | 'webhooks'>;
  /** Of the objects. */
  readonly namespace: string;
  /** Told of a recording that a sweep could not see to. */
  readonly onSweepError: (error: unknown, recordingId: string) => void;
  /** Whom to tell of what happens to recordings; nobody, where absent. */
  readonly webhook?: WebhookTarget | undefined;
  /** Another process tells of it: what happens is noted for that one. */
  readonly isToldElsewhere?: boolean;
  /** Removes files whose time is over; absent where nothing is ever removed. */
  readonly retention?: Pick<RetentionOptions, 'remove' | 'listed' | 'defaultDays' | 'onError'> | undefined;
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
  const isAnnounced = options.webhook !== undefined || options.isToldElsewhere === true;
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
