import type { Downloads, OwnedFile } from './downloads.ts';
import { fileOf } from './downloads.ts';
import { RecordingError } from './errors.ts';
import type { MeetingDocument } from './meeting.ts';
import type { RecordingDocument } from './recording.ts';
import type { RecordingRequest } from './recording-service.ts';
import type { RecordingStore } from './recording-store.ts';
import { requireHost } from './roles.ts';

interface RecordingArchiveOptions {
  readonly store: RecordingStore;
  readonly downloads: Downloads;
}

/** The recordings of a meeting beside the one that it shows, and their files. Throws RecordingError. */
export class RecordingArchive {
  readonly #options: RecordingArchiveOptions;

  constructor(options: RecordingArchiveOptions) {
    this.#options = options;
  }

  /** Where a take lies of a recording that the caller has a link to. Nobody's role is checked. */
  async linkedFile(link: { readonly recordingId: string; readonly take: number }): Promise<OwnedFile> {
    const { store, downloads } = this.#options;
    const record = await store.find(link.recordingId);
    const file = record && (await fileOf(record, { downloads, take: link.take }));
    if (file !== undefined) return file;
    throw new RecordingError('file-gone', 'There is no such file any more: ask for another link.');
  }

  /** Keeps retention away from a recording, or lets it come. Throws RecordingError `file-gone` where it was quicker. */
  async setLegalHold(request: {
    readonly meetingId: string;
    readonly recordingId: string;
    readonly legalHold: boolean;
  }): Promise<RecordingDocument> {
    const { meetingId, recordingId, legalHold } = request;
    const { store } = this.#options;
    await recordingOf(store, await store.meeting(meetingId), recordingId);
    const record = await store.change(recordingId, (known) => {
      if (known === undefined || known.deletedAt || known.deletingAt) return undefined;
      if ((known.legalHold ?? false) === legalHold) return undefined;
      return { ...known, legalHold, revision: known.revision + 1 };
    });
    if (record !== undefined && !record.deletedAt && !record.deletingAt) return record;
    throw new RecordingError(
      'file-gone',
      'The file was removed, or is being removed: there is nothing to hold.',
    );
  }

  /** Recordings of the meeting, latest first, after the one that is named. */
  async listRecordings(
    request: RecordingRequest & { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ recordings: RecordingDocument[]; next: string | null }> {
    const { store } = this.#options;
    const meeting = await store.meeting(request.meetingId);
    requireHost(meeting, request.userId);
    const after = request.after === undefined ? undefined : await recordingOf(store, meeting, request.after);
    const found = await store.ofMeeting(meeting._id, { after, limit: request.limit + 1 });
    const recordings = found.slice(0, request.limit);
    const last = recordings.at(-1);
    return { recordings, next: found.length > request.limit && last !== undefined ? last._id : null };
  }
}

/** Throws RecordingError `recording-not-found`, also where the recording is another meeting's. */
export async function recordingOf(
  store: RecordingStore,
  meeting: MeetingDocument,
  recordingId: string,
): Promise<RecordingDocument> {
  const record = await store.find(recordingId);
  if (record?.meetingId === meeting._id) return record;
  throw new RecordingError(
    'recording-not-found',
    'The meeting has no recording of this id: list its recordings.',
  );
}
