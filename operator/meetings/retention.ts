import type { FileOwner } from '../../recorder-image/contract/file-owner.ts';
import type { Projection } from './projection.ts';
import { ownerOf } from './record-identity.ts';
import type { RecordingDocument } from './recording.ts';
import { isActive } from './recording-status.ts';
import type { RecordingStore } from './recording-store.ts';
import { manifestOf, storedFiles } from './stored-files.ts';
import type { ListFiles } from './stored-files.ts';

export interface RetentionOptions {
  readonly store: RecordingStore;
  readonly projection: Projection;
  /** Removes everything that a recording has in S3, which these are of; harmless to repeat. */
  readonly remove: (
    owner: FileOwner,
    files: readonly { bucket: string; key: string }[],
    signal?: AbortSignal,
  ) => Promise<void>;
  /** Absent: only files that the status knows are removed. */
  readonly listed?: ListFiles | undefined;
  /** Of meetings that have none of their own; undefined: their files are kept. */
  readonly defaultDays: number | undefined;
  readonly now: () => Date;
  readonly onError: (error: unknown, recordingId: string) => void;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Removes files whose time is over. Runs in every replica; they don't disturb one another. */
export class Retention {
  readonly #options: RetentionOptions;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** One pass. One recording's trouble doesn't keep the others: it is tried again with the next pass. */
  async run(signal?: AbortSignal): Promise<void> {
    const { store, defaultDays } = this.#options;
    for (const { _id, retentionDays } of await store.meetingsWithRetention()) {
      if (!retentionDays) continue;
      const filter = { meetingId: _id };
      for await (const record of store.finishedBefore(this.#before(retentionDays), filter)) {
        signal?.throwIfAborted();
        await this.#expire(record, signal);
      }
    }
    if (defaultDays === undefined) return;
    for await (const record of store.finishedBefore(this.#before(defaultDays), {})) {
      signal?.throwIfAborted();
      const own = await store.retentionOf(record.meetingId);
      if (own === undefined) await this.#expire(record, signal);
    }
  }

  #before(days: number): Date {
    return new Date(this.#options.now().getTime() - days * DAY_MS);
  }

  async #expire(found: RecordingDocument, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#remove(found, signal);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      this.#options.onError(error, found._id);
    }
  }

  async #remove({ _id }: RecordingDocument, signal: AbortSignal | undefined): Promise<void> {
    const { store, projection, remove, now } = this.#options;
    // Written down first: from here on, a legal hold comes too late, and is refused.
    const marked = await store.change(_id, (known) =>
      known === undefined || !isRemovable(known) || known.deletingAt
        ? undefined
        : { ...known, deletingAt: now(), revision: known.revision + 1 },
    );
    if (marked === undefined || !isRemovable(marked) || !marked.deletingAt) return;
    await remove(ownerOf(marked), await this.#files(marked), signal);
    const removed = await store.change(_id, (known) =>
      known === undefined || known.deletedAt
        ? undefined
        : {
            ...known,
            deletedAt: now(),
            fileUrl: null,
            fileKey: null,
            fileSize: null,
            files: [],
            manifest: null,
            revision: known.revision + 1,
          },
    );
    if (removed !== undefined) await projection.publish(removed);
  }

  /** A recording's folder says itself what lies in it. */
  async #files(record: RecordingDocument): Promise<{ bucket: string; key: string }[]> {
    if (record.folder) return [];
    const files = await storedFiles(record, this.#options.listed);
    // Last of all: what is left of a removal that was cut off is found by it.
    const manifest = manifestOf(record, files);
    return [...files, ...(manifest ? [manifest] : [])].map(({ bucket, key }) => ({ bucket, key }));
  }
}

function isRemovable(record: RecordingDocument): boolean {
  return !isActive(record.status) && !record.deletedAt && record.legalHold !== true;
}
