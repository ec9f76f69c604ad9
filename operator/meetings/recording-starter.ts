import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { RecordingError } from './errors.ts';
import { newObject } from './new-object.ts';
import type { Projection } from './projection.ts';
import type { RecordingDocument } from './recording.ts';
import { ObjectRefusedError, ObjectsUnavailableError } from './recording-objects.ts';
import type { RecordingObjects } from './recording-objects.ts';
import { undone } from './recording-store.ts';
import type { RecordingStore } from './recording-store.ts';
import type { RecordingStopper } from './recording-stopper.ts';

interface StarterOptions {
  readonly store: RecordingStore;
  readonly objects: RecordingObjects;
  readonly projection: Projection;
  readonly stopper: RecordingStopper;
  readonly namespace: string;
}

/** What the API server said no to because of what was asked for, rather than because of how it is set up. */
const USERS_FAULT = new Set([400, 422]);

/** Makes the object of a recording that stands in the database, or takes the recording back. */
export class RecordingStarter {
  readonly #store: RecordingStore;
  readonly #objects: RecordingObjects;
  readonly #projection: Projection;
  readonly #stopper: RecordingStopper;
  readonly #namespace: string;

  constructor(options: StarterOptions) {
    this.#store = options.store;
    this.#objects = options.objects;
    this.#projection = options.projection;
    this.#stopper = options.stopper;
    this.#namespace = options.namespace;
  }

  /**
   * Harmless to repeat: the object's name is the recording's. Throws RecordingError: `recording-refused` and
   * `cluster-unavailable` after the recording was taken back, and `cluster-unavailable` too where nobody knows whether
   * the object was made, in which case the sweep finds out.
   */
  async create(
    record: RecordingDocument,
    signal?: AbortSignal,
  ): Promise<{ record: RecordingDocument; object: MeetingRecording }> {
    const object = await this.#make(record, signal);
    const projected = await this.#projection.project(object, record);
    // Somebody may have asked for the stop while there was nothing to stop.
    if (projected.stopReason !== null) await this.#stopper.stopObject(projected, signal);
    return { record: projected, object };
  }

  /** Takes a recording back of which no object was made: the meeting shows the one before it. */
  async undo(record: RecordingDocument): Promise<void> {
    const marked = await this.#store.change(record._id, (known) =>
      known === undefined || known.uid !== null || known.isUndone ? undefined : undone(known),
    );
    if (marked?.isUndone === true) await this.#store.removeUndone(marked);
  }

  async #make(record: RecordingDocument, signal: AbortSignal | undefined): Promise<MeetingRecording> {
    const { _id: recordingId, spec } = record;
    if (spec === null) throw new Error(`recording ${recordingId} was not asked for here`);
    const body = newObject({ recordingId, namespace: this.#namespace, spec });
    try {
      const object =
        (await this.#objects.create(body, signal)) ?? (await this.#objects.get(recordingId, signal));
      if (object?.spec.meetingId === spec.meetingId) return object;
    } catch (error) {
      return await this.#giveUp(record, error);
    }
    await this.undo(record);
    throw unavailable('The recording could not be made under its name: start it again.');
  }

  async #giveUp(record: RecordingDocument, error: unknown): Promise<never> {
    if (error instanceof ObjectRefusedError) {
      await this.undo(record);
      if (USERS_FAULT.has(error.status)) {
        throw new RecordingError('recording-refused', error.message, { cause: error });
      }
      throw unavailable('The cluster does not let recordings be made now. Nothing was started.', error);
    }
    if (error instanceof ObjectsUnavailableError && !error.isInDoubt) {
      await this.undo(record);
      throw unavailable('The cluster does not answer. Nothing was started: try again.', error);
    }
    throw unavailable(
      'The cluster did not answer in time, and the recording may start all the same: look at its status, ' +
        'or repeat the request with the same Idempotency-Key.',
      error,
    );
  }
}

function unavailable(message: string, cause?: unknown): RecordingError {
  return new RecordingError('cluster-unavailable', message, { cause, retryAfterSeconds: 5 });
}
