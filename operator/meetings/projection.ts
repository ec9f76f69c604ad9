import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { advance, lose } from './advance.ts';
import { objectNameOf, recordIdFor, isRecordOf } from './record-identity.ts';
import { observe } from './observation.ts';
import type { RecordingDocument } from './recording.ts';
import type { RecordingObjects } from './recording-objects.ts';
import type { RecordingStore } from './recording-store.ts';
import type { WebhookAnnouncer } from './webhook-announcer.ts';

/** Each is lost to another recording that was added under the id at the same time: there are two at most. */
const MAX_LOOKS = 4;

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
    const record = await this.#take(object, known);
    // Also where nothing changed: a process may have died between the two writes.
    await this.publish(record);
    return record;
  }

  /** Has the recording's meeting show it, and the backend be told: after every change. Harmless to repeat. */
  async publish(record: RecordingDocument): Promise<void> {
    await this.#store.show(record);
    await this.#announcer?.announce(record);
  }

  /** Takes in that the object of a recording seems to be gone: a live look decides. One of its name is not it. */
  async projectAbsence(gone: Pick<RecordingDocument, '_id' | 'uid'>, signal?: AbortSignal): Promise<void> {
    const object = await this.#objects.get(objectNameOf(gone._id), signal);
    if (object !== undefined) await this.project(object);
    if (object?.metadata.uid === gone.uid) return;
    const record = await this.#store.change(gone._id, (known) =>
      known === undefined || known.uid !== gone.uid ? undefined : lose(known, this.#now()),
    );
    if (record !== undefined) await this.publish(record);
  }

  /** The same of an object that was seen, whichever recording is its. */
  async projectAbsenceOf(object: MeetingRecording, signal?: AbortSignal): Promise<void> {
    const known = await this.#store.named(observe(object));
    const record = known.find(({ uid }) => uid === object.metadata.uid);
    if (record !== undefined) await this.projectAbsence(record, signal);
  }

  /** Takes in the list of all objects, and so also what disappeared while nobody was looking. */
  async resync(objects: readonly MeetingRecording[], signal?: AbortSignal): Promise<void> {
    for (const object of objects) {
      signal?.throwIfAborted();
      await this.project(object);
    }
    const uids = new Set(objects.map((object) => object.metadata.uid));
    for (const record of await this.#store.unfinished()) {
      signal?.throwIfAborted();
      if (record.uid !== null && !uids.has(record.uid)) await this.projectAbsence(record, signal);
    }
    // A process may have died between the two writes, and the object may be gone since.
    await this.#store.showAgain();
    await this.#announcer?.announceAll(signal);
  }

  /** Where somebody else takes the id meanwhile, it is looked for anew. */
  async #take(object: MeetingRecording, given: RecordingDocument | undefined): Promise<RecordingDocument> {
    const seen = observe(object);
    for (let look = 1; look <= MAX_LOOKS; look += 1) {
      const isGiven = look === 1 && given !== undefined && isRecordOf(given, seen);
      const found = isGiven ? [given] : await this.#store.named(seen);
      const _id = recordIdFor(seen, found);
      const record = await this.#store.change(
        _id,
        (known) => advance(known, { ...seen, _id }, this.#cluster),
        found.find((known) => known._id === _id),
      );
      if (record !== undefined && isRecordOf(record, seen)) return record;
    }
    throw new Error(`the recording of ${seen.name} (${seen.uid}) is neither known nor made`);
  }
}
