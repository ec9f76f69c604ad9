import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Projection } from './projection.ts';

interface Change {
  /** `NAMESPACE/NAME` */
  readonly key: string;
  readonly before: MeetingRecording | undefined;
  readonly after: MeetingRecording | undefined;
}

/**
 * Between a cache of objects that tells of changes and the projection, which is given keys one at a time and again
 * until it succeeds.
 */
export class ProjectionFeed {
  readonly #projection: Projection;
  readonly #current: (key: string) => MeetingRecording | undefined;
  /** Objects that are gone as they were last seen: with a database that is down, their end may not be written yet. */
  readonly #gone = new Map<string, MeetingRecording>();

  /** @param options.current the object of a key as the cache has it */
  constructor(options: { projection: Projection; current: (key: string) => MeetingRecording | undefined }) {
    this.#projection = options.projection;
    this.#current = options.current;
  }

  /** Notes a change; the key is to be handed to {@link reconcile} afterwards. */
  note({ key, before, after }: Change): void {
    if (after !== undefined) this.#gone.delete(key);
    else if (before !== undefined) this.#gone.set(key, before);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const object = this.#current(key);
    if (object !== undefined) {
      await this.#projection.project(object);
      return;
    }
    const gone = this.#gone.get(key);
    if (gone !== undefined) await this.#projection.project(gone);
    await this.#projection.projectAbsence(key.slice(key.indexOf('/') + 1), signal);
    if (this.#gone.get(key) === gone) this.#gone.delete(key);
  }
}
