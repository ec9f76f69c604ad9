import { RecordingError } from './errors.ts';
import type { RecordingSubdocument } from './meeting.ts';
import type { RecordingDocument } from './recording.ts';
import { isActive } from './recording-status.ts';

export interface StoredFile {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly sizeBytes: number | null;
}

export interface DownloadRequest {
  readonly bucket: string;
  readonly key: string;
  /** What a browser calls the file. */
  readonly fileName: string;
  readonly format: string;
  readonly recordingId: string;
  readonly take: number;
}

/** Where files can be downloaded from. */
export interface Downloads {
  /** A URL that serves the file, to whoever has it, until it expires. Throws where the file is gone. */
  url(request: DownloadRequest): Promise<{ url: string; expiresAt: Date }>;
  /** Where the playlist of a recording lies that is still being made; undefined where it is not known, or there is none. */
  growing?(recording: {
    readonly meetingId: string;
    readonly recordingId: string;
  }): Promise<StoredFile | undefined>;
}

export interface RecordingDownload {
  readonly recordingId: string;
  readonly url: string;
  readonly expiresAt: Date;
  readonly fileName: string;
  /** Bytes. */
  readonly sizeBytes: number | null;
  readonly format: string;
  /** How many files the recording has; more than one where its takes could not be joined. */
  readonly takes: number;
}

/** Throws RecordingError `not-available` where there is no such file. */
export async function downloadOf(
  record: RecordingDocument,
  options: { readonly downloads: Downloads; readonly take: number; readonly recording: RecordingSubdocument },
): Promise<RecordingDownload> {
  const { downloads, take, recording } = options;
  const takes = Math.max(record.files.length, 1);
  const file = await fileOf(record, { downloads, take });
  if (file === undefined) throw new RecordingError('not-available', whyNot(record, takes), { recording });
  const format = record.format ?? 'mp4';
  const part = takes > 1 ? `-${take}` : '';
  const fileName = `${record.meetingId}-${record._id}${part}.${format}`;
  const { bucket, key } = file;
  const names = { recordingId: record._id, take, fileName, format };
  const { url, expiresAt } = await downloads.url({ bucket, key, ...names });
  return { recordingId: record._id, url, expiresAt, fileName, sizeBytes: file.sizeBytes, format, takes };
}

/**
 * Where a take of a recording lies; undefined where there is no such file. A playlist can be watched while it grows.
 * Throws RecordingError `file-gone`.
 */
export async function fileOf(
  record: RecordingDocument,
  options: { readonly downloads: Downloads; readonly take: number },
): Promise<StoredFile | undefined> {
  const { downloads, take } = options;
  if (record.deletedAt || record.deletingAt) {
    throw new RecordingError('file-gone', 'The file is gone: its time of retention is over.');
  }
  const file = record.files[take - 1] ?? (take === 1 ? single(record) : undefined);
  if (file !== undefined || record.format !== 'm3u8' || take !== 1 || !isActive(record.status)) return file;
  return downloads.growing?.({ meetingId: record.meetingId, recordingId: record._id });
}

function single(record: RecordingDocument): StoredFile | undefined {
  const { bucket, fileKey, fileSize } = record;
  return bucket === null || fileKey === null ? undefined : { bucket, key: fileKey, sizeBytes: fileSize };
}

function whyNot(record: RecordingDocument, takes: number): string {
  if (isActive(record.status)) return 'The file is not available yet: wait until the status is completed.';
  if (record.status === 'failed')
    return `The recording failed, and has no file: ${record.error ?? 'unknown'}`;
  return takes > 1
    ? `The recording has takes 1 to ${takes}.`
    : 'The recording has no such take: leave take out.';
}
