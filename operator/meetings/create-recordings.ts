import type { Database } from './database.ts';
import type { Downloads } from './downloads.ts';
import { MeetingRegistry } from './meeting-registry.ts';
import { Projection } from './projection.ts';
import type { RecordingObjects } from './recording-objects.ts';
import type { RecordingDefaults } from './recording-request.ts';
import { RecordingService } from './recording-service.ts';
import { RecordingStarter } from './recording-starter.ts';
import { RecordingStopper } from './recording-stopper.ts';
import { RecordingStore } from './recording-store.ts';
import { Sweep } from './sweep.ts';

interface RecordingsOptions {
  readonly database: Pick<Database, 'meetings' | 'recordings'>;
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
  readonly sweep?: { readonly settleMs?: number; readonly giveUpMs?: number };
}

export interface Recordings {
  readonly service: RecordingService;
  readonly registry: MeetingRegistry;
  readonly projection: Projection;
  readonly sweep: Sweep;
  readonly store: RecordingStore;
}

/** The meeting model's side of recording, put together: also for a backend in TypeScript that wants it in its process. */
export function createRecordings(options: RecordingsOptions): Recordings {
  const { objects, cluster, namespace, now } = options;
  const { meetings, recordings } = options.database;
  const store = new RecordingStore({ meetings, recordings, cluster });
  const projection = new Projection({ store, objects, cluster, now });
  const stopper = new RecordingStopper({ store, objects, projection });
  const starter = new RecordingStarter({ store, objects, projection, stopper, namespace });
  return {
    store,
    projection,
    registry: new MeetingRegistry({ meetings, now }),
    service: new RecordingService({ ...options, store, starter, stopper }),
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
