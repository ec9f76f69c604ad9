import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { advance, lose } from './advance.ts';
import { observe } from './observation.ts';
import type { RecordingDocument } from './recording.ts';
import type { RecordingObjects } from './recording-objects.ts';
import type { RecordingStore } from './recording-store.ts';
import type { WebhookAnnouncer } from './webhook-announcer.ts';

interface ProjectionOptions {
  readonly store: RecordingStore;
  readonly objects: RecordingObjects;
  readonly cluster: string;
  /** Tells the backend what happened; absent where nobody is told. */
  readonly announcer?: WebhookAnnouncer | undefined;
  readonly now: () => Date;
}

/**
 * Writes what objects say into the meeting model. Every method may be repeated, in any order, by any number of
 * replicas: the outcome is the same.
 */
export class Projection {
  readonly #store: RecordingStore;
  readonly #objects: RecordingObjects;
  readonly #cluster: string;
  readonly #now: () => Date;
  readonly #announcer: WebhookAnnouncer | undefined;

  constructor(options: ProjectionOptions) {
    this.#store = options.store;
    this.#objects = options.objects;
    this.#cluster = options.cluster;
    this.#now = options.now;
    this.#announcer = options.announcer;
  }

  /**
   * Takes in an object as it was seen.
   *
   * @param known the recording as it was read or written just now
   */
  async project(object: MeetingRecording, known?: RecordingDocument): Promise<RecordingDocument> {
    const seen = observe(object);
    const record = await this.#store.change(
      seen._id,
      (record) => advance(record, seen, this.#cluster),
      known,
    );
    if (record === undefined) throw new Error(`recording ${seen._id} is neither known nor made`);
    // Also where nothing changed: a process may have died between the two writes.
    await this.publish(record);
    return record;
  }

  /** Has the recording's meeting show it, and the backend be told: after every change. Harmless to repeat. */
  async publish(record: RecordingDocument): Promise<void> {
    await this.#store.show(record);
    await this.#announcer?.announce(record);
  }

  /** Takes in that an object seems to be gone: a live look decides. */
  async projectAbsence(recordingId: string, signal?: AbortSignal): Promise<void> {
    const object = await this.#objects.get(recordingId, signal);
    if (object !== undefined) {
      await this.project(object);
      return;
    }
    const record = await this.#store.change(recordingId, (known) =>
      known === undefined ? undefined : lose(known, this.#now()),
    );
    if (record !== undefined) await this.publish(record);
  }

  /** Takes in the list of all objects, and so also what disappeared while nobody was looking. */
  async resync(objects: readonly MeetingRecording[], signal?: AbortSignal): Promise<void> {
    for (const object of objects) {
      signal?.throwIfAborted();
      await this.project(object);
    }
    const names = new Set(objects.map((object) => object.metadata.name));
    const missing = (await this.#store.unfinished()).filter((record) => !names.has(record._id));
    for (const record of missing) {
      signal?.throwIfAborted();
      if (record.uid !== null) await this.projectAbsence(record._id, signal);
    }
    // A process may have died between the two writes, and the object may be gone since.
    await this.#store.showAgain();
    await this.#announcer?.announceAll(signal);
  }
}
