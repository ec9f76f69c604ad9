import { RecordingError } from './errors.ts';
import { MAX_STOP_KEYS } from './idempotency.ts';
import type { Projection } from './projection.ts';
import { objectNameOf } from './record-identity.ts';
import type { RecordingDocument, StopReason } from './recording.ts';
import type { RecordingObjects } from './recording-objects.ts';
import { isActive } from './recording-status.ts';
import type { RecordingStore } from './recording-store.ts';

interface StopperOptions {
  readonly store: RecordingStore;
  readonly objects: RecordingObjects;
  readonly projection: Projection;
  readonly now: () => Date;
}

/** Stops a recording: first in the database, so that the wish is not lost, then at its object. */
export class RecordingStopper {
  readonly #store: RecordingStore;
  readonly #objects: RecordingObjects;
  readonly #projection: Projection;
  readonly #now: () => Date;

  constructor(options: StopperOptions) {
    this.#store = options.store;
    this.#objects = options.objects;
    this.#projection = options.projection;
    this.#now = options.now;
  }

  /**
   * Harmless to repeat. Returns the recording as it then stands; undefined where it had ended already. Throws
   * RecordingError `cluster-unavailable` when the object could not be told, which the sweep then does.
   *
   * @param options.key remembered by the recording: who comes with it again is told of this one
   */
  async stop(
    recordingId: string,
    reason: StopReason,
    options: { readonly key?: string | undefined; readonly signal?: AbortSignal } = {},
  ): Promise<RecordingDocument | undefined> {
    const { key, signal } = options;
    const now = this.#now();
    const record = await this.#store.change(
      recordingId,
      (known) => known && stopping(known, { reason, key, now }),
    );
    if (record === undefined || !isActive(record.status)) return undefined;
    await this.#store.show(record);
    try {
      return await this.stopObject(record, signal);
    } catch (error) {
      throw new RecordingError(
        'cluster-unavailable',
        'The cluster does not answer. The recording is stopped as soon as it does.',
        { cause: error, retryAfterSeconds: 5 },
      );
    }
  }

  /** Tells the object of a recording whose stop was asked for; undefined where it turns out to have ended already. */
  async stopObject(record: RecordingDocument, signal?: AbortSignal): Promise<RecordingDocument | undefined> {
    const { _id, uid } = record;
    const object = await this.#objects.stop(objectNameOf(_id), record.stopReason ?? 'StopRequested', {
      uid: uid ?? undefined,
      signal,
    });
    if (object !== undefined) return this.#projection.project(object, record);
    // Its start is under way somewhere, and whoever makes the object stops it then.
    if (record.uid === null) return record;
    await this.#projection.projectAbsence(record, signal);
    return undefined;
  }
}

/** What a recording becomes when it is to stop; undefined where that is known already, or it has ended. */
function stopping(
  known: RecordingDocument,
  stop: { readonly reason: StopReason; readonly key: string | undefined; readonly now: Date },
): RecordingDocument | undefined {
  if (!isActive(known.status)) return undefined;
  const { stopKeys = [], stopAskedAt, stopReason } = known;
  const isNewKey = stop.key !== undefined && !stopKeys.includes(stop.key) && stopKeys.length < MAX_STOP_KEYS;
  if (stopReason !== null && !isNewKey) return undefined;
  return {
    ...known,
    status: 'stopping',
    stopReason: stopReason ?? stop.reason,
    stopAskedAt: stopAskedAt ?? stop.now,
    stopKeys: isNewKey && stop.key !== undefined ? [...stopKeys, stop.key] : stopKeys,
    revision: known.revision + 1,
  };
}
