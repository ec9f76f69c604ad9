import type { Logger } from 'pino';
import type { RecorderConfig } from '../../config.ts';
import type { FileFormat } from '../../contract/formats.ts';
import type { Take } from '../../journal/take.ts';
import type { Proof } from '../../proof/proof.ts';
import type { TakeMuxer } from '../../mux/take-muxer.ts';
import type { Spool } from '../../spool/spool.ts';
import type { ObjectStore } from '../../upload/object-store.ts';
import { ownerMetadata } from '../../upload/ownership.ts';
import type { TakeUploader } from '../../upload/take-uploader.ts';
import type { UploadLoopOptions } from '../../upload/upload-loop.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import type { JournalUpload } from './save-journal.ts';

export interface RenditionOptions {
  readonly config: RecorderConfig;
  readonly spool: Spool;
  readonly store: ObjectStore;
  /** When the first media came, as a Unix time in ms. */
  readonly startedAt: () => number | undefined;
  /** When the last media came, as a Unix time in ms; known once the recording is being finished. */
  readonly stoppedAt: () => number | undefined;
  /** For uploads, all but the log. */
  readonly patience: Omit<UploadLoopOptions, 'log'>;
  readonly log: Logger;
}

export interface TakeJob {
  readonly muxer: TakeMuxer;
  readonly uploader: TakeUploader;
  readonly journal: JournalUpload;
  /** What was made of the take, compared with its journal; to be asked for once that is in the store. */
  readonly proof: (signal: AbortSignal) => Promise<Proof>;
  /**
   * Saves a finished take for which the disk has no room: from the journal to the store directly. Throws MuxError where
   * that can't be done.
   */
  readonly saveWithoutRoom: (signal: AbortSignal) => Promise<UploadedFile>;
  /** Nothing more is made of the take. Returns what the store has of it that is of use, if anything. */
  readonly giveUp: (signal: AbortSignal) => Promise<UploadedFile | undefined>;
}

/** What the store has of a take. */
export interface SavedTake {
  /** What was made of it. */
  readonly file?: UploadedFile | undefined;
  /** What was found in it. */
  readonly proof?: Proof | undefined;
  /** The journal as it is, where the file is not all of it. */
  readonly journal?: StoredFile | undefined;
}

/** A file that the recording consists of. */
export interface StoredFile extends UploadedFile {
  readonly format: FileFormat;
  /** Bytes of the very object, where that is not all. */
  readonly objectBytes?: number;
  /** What is in it: of a playlist, each take by itself. */
  readonly contents: readonly FileContent[];
}

export interface FileContent {
  /** The numbers of the takes, in order. */
  readonly takes: readonly number[];
  readonly proof: Proof;
  /** Of a playlist: the objects of the take, its header first. */
  readonly objects?: readonly StoredSegment[];
}

export interface StoredSegment {
  readonly key: string;
  readonly sizeBytes: number;
  /** base64 */
  readonly crc32: string;
}

export interface TakeJobEvents {
  /** Bytes that S3 holds of the take. */
  readonly onProgress: (bytes: number) => void;
  /** The file could not be made, and is made again. */
  readonly onAgain: (error: unknown) => void;
}

/** How takes become what was asked for: a file each, or the segments of one playlist. */
export interface Rendition {
  openTake: (take: Take, events: TakeJobEvents) => Promise<TakeJob>;
  /** Called once all takes are in S3, with what became of each: returns what the recording consists of. */
  seal: (
    saved: readonly SavedTake[],
    takes: readonly Take[],
    signal: AbortSignal,
  ) => Promise<readonly StoredFile[]>;
}

/** The journals among them, as files of the recording. */
export function journalsOf(saved: readonly SavedTake[]): readonly StoredFile[] {
  return saved.flatMap(({ journal }) => (journal === undefined ? [] : [journal]));
}

/** When what is in an object was recorded, as far as that is known: metadata for what is begun at the end of it all. */
export function timesOf({ startedAt, stoppedAt }: RenditionOptions): Record<string, string> {
  return { ...timeAs('started-at', startedAt()), ...timeAs('stopped-at', stoppedAt()) };
}

function timeAs(name: string, at: number | undefined): Record<string, string> {
  return at === undefined ? {} : { [name]: new Date(at).toISOString() };
}

/** What says of an object whose it is. S3's metadata is ASCII. */
export function metadataOf(
  config: Pick<RecorderConfig, 'recordingId' | 'uid' | 'meetingId'>,
): Record<string, string> {
  const { meetingId } = config;
  return {
    ...ownerMetadata(config),
    ...(meetingId === undefined ? {} : { 'meeting-id': encodeURIComponent(meetingId) }),
  };
}
