import type { FileOwner } from '../../recorder-image/contract/file-owner.ts';
import { extensionOf, FILE_FORMATS } from '../../recorder-image/contract/formats.ts';
import type { FileFormat } from '../../recorder-image/contract/formats.ts';
import { RecordingError } from './errors.ts';
import type { RecordingSubdocument } from './meeting.ts';
import { ownerOf } from './record-identity.ts';
import type { RecordingDocument } from './recording.ts';
import { isActive } from './recording-status.ts';
import { storedFiles } from './stored-files.ts';
import type { ListFiles, StoredFile } from './stored-files.ts';

export interface DownloadRequest {
  /** Whose the file is said to be: whoever makes the URL looks whether it can be. */
  readonly owner: FileOwner;
  readonly bucket: string;
  readonly key: string;
  /** What a browser calls the file. */
  readonly fileName: string;
  readonly format: FileFormat;
  readonly recordingId: string;
  readonly take: number;
}

/** Where files can be downloaded from. */
export interface Downloads {
  /** A URL that serves the file, to whoever has it, until it expires. Throws where the file is gone. */
  url(request: DownloadRequest): Promise<{ url: string; expiresAt: Date }>;
  /** Absent: only files that the status knows can be downloaded. */
  readonly listed?: ListFiles;
  /** Where the playlist of a recording lies that is still being made; undefined where it is not known, or there is none. */
  growing?(owner: FileOwner): Promise<StoredFile | undefined>;
}

/** A file, and whose it is said to be. */
export interface OwnedFile extends StoredFile {
  readonly owner: FileOwner;
}

export interface RecordingDownload {
  readonly recordingId: string;
  readonly url: string;
  readonly expiresAt: Date;
  readonly fileName: string;
  /** Bytes. */
  readonly sizeBytes: number | null;
  readonly format: FileFormat;
  /** How many files the recording has; more than one where its takes could not be joined. */
  readonly takes: number;
}

/** Throws RecordingError `not-available` where there is no such file. */
export async function downloadOf(
  record: RecordingDocument,
  options: { readonly downloads: Downloads; readonly take: number; readonly recording: RecordingSubdocument },
): Promise<RecordingDownload> {
  const { downloads, take, recording } = options;
  const files = await filesOf(record, downloads);
  const takes = Math.max(files.length, 1);
  const file = files[take - 1];
  if (file === undefined) throw new RecordingError('not-available', whyNot(record, takes), { recording });
  const { bucket, key, sizeBytes } = file;
  const format = file.format ?? FILE_FORMATS.find((known) => known === record.format) ?? 'mp4';
  const part = takes > 1 ? `-${take}` : '';
  const fileName = `${record.meetingId}-${record._id}${part}${extensionOf(format)}`;
  const { url, expiresAt } = await downloads.url({
    owner: ownerOf(record),
    bucket,
    key,
    recordingId: record._id,
    take,
    fileName,
    format,
  });
  return { recordingId: record._id, url, expiresAt, fileName, sizeBytes, format, takes };
}

/** Where a take of a recording lies; undefined where there is no such file. Throws RecordingError `file-gone`. */
export async function fileOf(
  record: RecordingDocument,
  options: { readonly downloads: Downloads; readonly take: number },
): Promise<OwnedFile | undefined> {
  const files = await filesOf(record, options.downloads);
  const file = files[options.take - 1];
  return file && { ...file, owner: ownerOf(record) };
}

/** A playlist can be watched while it grows. Throws RecordingError `file-gone`. */
async function filesOf(record: RecordingDocument, downloads: Downloads): Promise<readonly StoredFile[]> {
  if (record.deletedAt || record.deletingAt) {
    throw new RecordingError('file-gone', 'The file is gone: its time of retention is over.');
  }
  const files = await storedFiles(record, downloads.listed);
  if (files.length > 0 || record.format !== 'm3u8' || !isActive(record.status)) return files;
  const growing = await downloads.growing?.(ownerOf(record));
  return growing === undefined ? [] : [growing];
}

function whyNot(record: RecordingDocument, takes: number): string {
  if (isActive(record.status)) return 'The file is not available yet: wait until the status is completed.';
  if (record.status === 'failed')
    return `The recording failed, and has no file: ${record.error ?? 'unknown'}`;
  return takes > 1
    ? `The recording has takes 1 to ${takes}.`
    : 'The recording has no such take: leave take out.';
}
