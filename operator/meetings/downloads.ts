import { RecordingError } from './errors.ts';
import type { RecordingSubdocument } from './meeting.ts';
import type { RecordingDocument } from './recording.ts';
import { isActive } from './recording-status.ts';

export interface DownloadRequest {
  readonly bucket: string;
  readonly key: string;
  /** What a browser calls the file. */
  readonly fileName: string;
  readonly format: string;
}

/** Where files can be downloaded from. */
export interface Downloads {
  /** A URL that serves the file, to whoever has it, until it expires. Throws where the file is gone. */
  url(request: DownloadRequest): Promise<{ url: string; expiresAt: Date }>;
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
  const file = record.files[take - 1] ?? (take === 1 ? single(record) : undefined);
  if (file === undefined) throw new RecordingError('not-available', whyNot(record, takes), { recording });
  const format = record.format ?? 'mp4';
  const part = takes > 1 ? `-${take}` : '';
  const fileName = `${record.meetingId}-${record._id}${part}.${format}`;
  const { url, expiresAt } = await downloads.url({ bucket: file.bucket, key: file.key, fileName, format });
  return { recordingId: record._id, url, expiresAt, fileName, sizeBytes: file.sizeBytes, format, takes };
}

function single(
  record: RecordingDocument,
): { bucket: string; key: string; sizeBytes: number | null } | undefined {
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
