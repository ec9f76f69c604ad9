import type { Projection } from './projection.ts';
import { recordingGate } from './recording.ts';
import type { RecordingDocument } from './recording.ts';
import type { RecordingObjects } from './recording-objects.ts';
import type { RecordingStarter } from './recording-starter.ts';
import type { RecordingStopper } from './recording-stopper.ts';
import { isActive } from './recording-status.ts';
import type { RecordingStore } from './recording-store.ts';

interface SweepOptions {
  readonly store: RecordingStore;
  readonly objects: RecordingObjects;
  readonly projection: Projection;
  readonly starter: RecordingStarter;
  readonly stopper: RecordingStopper;
  readonly now: () => Date;
  /** Told of a recording that could not be seen to this time. */
  readonly onError: (error: unknown, recordingId: string) => void;
  /** Milliseconds that a start is left to whoever is at it: longer than the time limit of its requests. */
  readonly settleMs?: number;
  /** Milliseconds after which nobody wants the start any more: the recording fails instead. */
  readonly giveUpMs?: number;
}

/** Recordings that could not be seen to: the next sweep tries again. */
export class SweepError extends Error {
  readonly code = 'SWEEP_INCOMPLETE';

  constructor(left: number) {
    super(`${left} recordings are left for the next sweep`);
    this.name = 'SweepError';
  }
}

/**
 * Finishes what a process that died, or a cluster that did not answer, left half done: recordings that stand in the
 * database and have no object, stops that the object was not told of, and starts that were half taken back.
 */
export class Sweep {
  readonly #options: SweepOptions & { readonly settleMs: number; readonly giveUpMs: number };

  constructor(options: SweepOptions) {
    this.#options = {
      ...options,
      settleMs: options.settleMs ?? 30_000,
      giveUpMs: options.giveUpMs ?? 600_000,
    };
  }

  /**
   * One pass over everything unfinished. One recording's trouble doesn't keep the others from being seen to; afterwards
   * it throws {@link SweepError}.
   */
  async run(signal?: AbortSignal): Promise<void> {
    let left = 0;
    for (const record of await this.#options.store.unfinished()) {
      signal?.throwIfAborted();
      try {
        await this.#finish(record, signal);
      } catch (error) {
        this.#options.onError(error, record._id);
        left += 1;
      }
    }
    if (left > 0) throw new SweepError(left);
  }

  async #finish(record: RecordingDocument, signal: AbortSignal | undefined): Promise<void> {
    const { store, stopper, now, settleMs } = this.#options;
    if (record.isUndone) {
      await store.removeUndone(record);
      return;
    }
    if (record.uid !== null) {
      if (record.stopReason !== null) await stopper.stopObject(record, signal);
      return;
    }
    const ageMs = now().getTime() - record.createdAt.getTime();
    if (ageMs >= settleMs) await this.#finishStart(record, ageMs, signal);
  }

  async #finishStart(
    record: RecordingDocument,
    ageMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { objects, projection, starter, stopper, store, giveUpMs } = this.#options;
    const object = await objects.get(record._id, signal);
    if (object !== undefined && object.spec.meetingId === record.meetingId) {
      const projected = await projection.project(object);
      if (projected.stopReason !== null) await stopper.stopObject(projected, signal);
    } else if (record.stopReason !== null) {
      await this.#fail(record, 'Stopped before it had started.');
    } else if (ageMs >= giveUpMs) {
      await this.#fail(record, 'The recording could not be started in time: the cluster did not answer.');
    } else if (await this.#isWanted(record)) {
      await starter.create(record, signal);
    } else {
      await starter.undo(record);
    }
    // What an earlier pass wrote to the recording alone.
    const known = await store.find(record._id);
    if (known !== undefined) await projection.publish(known);
  }

  /** Whether the meeting still waits for this recording, or would begin it now. */
  async #isWanted(record: RecordingDocument): Promise<boolean> {
    const { store } = this.#options;
    if ((await store.begin(record)) !== undefined) return true;
    const meeting = await store.meeting(record.meetingId);
    return meeting.shown?.recordingId === record._id;
  }

  async #fail(record: RecordingDocument, error: string): Promise<void> {
    const { store, projection, now } = this.#options;
    const failed = await store.change(record._id, (known) =>
      known === undefined || known.uid !== null || !isActive(known.status)
        ? undefined
        : {
            ...known,
            status: 'failed',
            error,
            completedAt: now(),
            gate: recordingGate(known._id),
            isLost: true,
            revision: known.revision + 1,
          },
    );
    if (failed !== undefined) await projection.publish(failed);
  }
}
