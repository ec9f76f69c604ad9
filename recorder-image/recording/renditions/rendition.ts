import type { Logger } from 'pino';
import type { RecorderConfig } from '../../config.ts';
import type { Take } from '../../journal/take.ts';
import type { TakeMuxer } from '../../mux/take-muxer.ts';
import type { Spool } from '../../spool/spool.ts';
import type { ObjectStore } from '../../upload/object-store.ts';
import type { TakeUploader } from '../../upload/take-uploader.ts';
import type { UploadLoopOptions } from '../../upload/upload-loop.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';

export interface RenditionOptions {
  readonly config: RecorderConfig;
  readonly spool: Spool;
  readonly store: ObjectStore;
  /** When the first media came, as a Unix time in ms. */
  readonly startedAt: () => number | undefined;
  /** For uploads, all but the log. */
  readonly patience: Omit<UploadLoopOptions, 'log'>;
  readonly log: Logger;
}

export interface TakeJob {
  readonly muxer: TakeMuxer;
  readonly uploader: TakeUploader;
}

export interface TakeJobEvents {
  /** Bytes that S3 holds of the take. */
  readonly onProgress: (bytes: number) => void;
  /** FFmpeg has failed and is started again. */
  readonly onAgain: (error: unknown) => void;
}

/** How takes become what was asked for: a file each, or the segments of one playlist. */
export interface Rendition {
  openTake: (take: Take, events: TakeJobEvents) => Promise<TakeJob>;
  /** Called once all takes are in S3, with what became of each: returns what the recording consists of. */
  seal: (
    files: readonly UploadedFile[],
    takes: readonly Take[],
    signal: AbortSignal,
  ) => Promise<UploadedFile[]>;
}

/** What says of an object whose it is. S3's metadata is ASCII. */
export function metadataOf(config: RecorderConfig): Record<string, string> {
  const { recordingId, meetingId } = config;
  return {
    'recording-id': recordingId,
    ...(meetingId === undefined ? {} : { 'meeting-id': encodeURIComponent(meetingId) }),
  };
}
