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
  /**
   * Objects that are gone as they were last seen, by key and UID: with a database that is down, their end may not be written
   * yet, and others may have come under their name.
   */
  readonly #gone = new Map<string, Map<string, MeetingRecording>>();

  /** @param options.current the object of a key as the cache has it */
  constructor(options: { projection: Projection; current: (key: string) => MeetingRecording | undefined }) {
    this.#projection = options.projection;
    this.#current = options.current;
  }

  /** Notes a change; the key is to be handed to {@link reconcile} afterwards. */
  note({ key, before, after }: Change): void {
    if (after !== undefined) this.#forget(key, after);
    if (before === undefined || before.metadata.uid === after?.metadata.uid) return;
    const gone = this.#gone.get(key) ?? new Map<string, MeetingRecording>();
    this.#gone.set(key, gone.set(before.metadata.uid, before));
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    for (const gone of [...(this.#gone.get(key)?.values() ?? [])]) {
      await this.#projection.project(gone);
      await this.#projection.projectAbsenceOf(gone, signal);
      this.#forget(key, gone);
    }
    const object = this.#current(key);
    if (object !== undefined) await this.#projection.project(object);
  }

  #forget(key: string, { metadata }: MeetingRecording): void {
    const gone = this.#gone.get(key);
    gone?.delete(metadata.uid);
    if (gone?.size === 0) this.#gone.delete(key);
  }
}
