import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { isTerminal } from '../crd/phases.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { isConflict, isNotFound } from '../runtime/kube/api-error.ts';
import { equalJson } from '../runtime/json-values.ts';
import { MEETING_RECORDINGS } from './kube-objects.ts';
import { lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import type { World } from './world.ts';

/** Figures alone are written at most as often, in milliseconds. */
const FIGURES_MS = 15_000;
const CONFLICT_RETRY_MS = 100;

export interface StatusChange {
  before: MeetingRecordingStatus | undefined;
  after: MeetingRecordingStatus;
  recording: MeetingRecording;
}

/** The one place that writes a status: only what has changed, and only over what the pass has seen. */
export class StatusUpdate {
  /** When figures were last written, by the recording's UID; monotonic milliseconds. */
  readonly #figures = new Map<string, number>();
  readonly #onChange: (change: StatusChange) => void;

  constructor(options: { onChange: (change: StatusChange) => void }) {
    this.#onChange = options.onChange;
  }

  async write(pass: Pass, world: World): Promise<void> {
    const { recording, status } = pass;
    const before = recording.status;
    if (!this.#isWorthIt(pass, world)) return;
    try {
      const written = await world.kube.replace(
        MEETING_RECORDINGS,
        { ...recording, status: status.value },
        { subresource: 'status', signal: pass.signal },
      );
      world.recordings.observe(written);
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error)) throw error;
      // Somebody else has written meanwhile: what was concluded may be wrong, so it is concluded again.
      lookAgainIn(pass, CONFLICT_RETRY_MS);
      return;
    }
    const { uid } = recording.metadata;
    if (isTerminal(status.value.phase)) this.#figures.delete(uid);
    else this.#figures.set(uid, world.clock.monotonic());
    this.#onChange({ before, after: status.value, recording });
  }

  forget(uid: string): void {
    this.#figures.delete(uid);
  }

  #isWorthIt(pass: Pass, world: World): boolean {
    const before = pass.recording.status ?? {};
    const after = pass.status.value;
    if (equalJson(before, after)) return false;
    const { durationSeconds: _before, ...rest } = before;
    const { durationSeconds: _after, ...restAfter } = after;
    if (!equalJson(rest, restAfter)) return true;
    const last = this.#figures.get(pass.recording.metadata.uid);
    const waitMs = last === undefined ? 0 : last + FIGURES_MS - world.clock.monotonic();
    if (waitMs > 0) lookAgainIn(pass, waitMs);
    return waitMs <= 0;
  }
}
