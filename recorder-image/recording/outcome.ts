import type { RecorderConfig } from '../config.ts';
import { EXIT_CODES } from '../contract/exit-codes.ts';
import type { ExitCode } from '../contract/exit-codes.ts';
import { RESULT_REASONS } from '../contract/result.ts';
import type { RecorderResult, ResultReason } from '../contract/result.ts';
import type { WrittenManifest } from '../manifest/manifest-writer.ts';
import { NoRoomError } from '../mux/take-muxer.ts';
import { UploadError } from '../upload/upload-loop.ts';
import type { Completeness } from './completeness.ts';
import type { StoredFile } from './renditions/rendition.ts';

export interface Outcome {
  readonly result: RecorderResult;
  readonly exitCode: ExitCode;
}

export interface Times {
  readonly durationMs?: number | undefined;
  /** Unix time in ms, as all of these. */
  readonly startedAt?: number | undefined;
  readonly stoppedAt?: number | undefined;
}

/** All files are in S3. */
export function completed(facts: {
  readonly reason: ResultReason;
  /** Of each take. */
  readonly files: readonly StoredFile[];
  readonly times: Times;
  /** Undefined where nobody can tell. */
  readonly completeness?: Completeness;
  /** What became of the manifest. */
  readonly manifest?: WrittenManifest | Error;
  readonly config: { readonly upload: Pick<RecorderConfig['upload'], 's3'> };
}): Outcome {
  const { reason, files, times, completeness, manifest, config } = facts;
  const [file] = files;
  if (file === undefined) return failedWithoutMedia(reason);
  const { bucket } = config.upload.s3;
  const checksum = file.checksum === undefined ? {} : { checksum: file.checksum };
  const etag = file.etag === undefined ? {} : { etag: file.etag };
  const more = files.length > 1 ? { files: files.map(({ key, sizeBytes }) => ({ key, sizeBytes })) } : {};
  return {
    exitCode: EXIT_CODES.done,
    result: {
      outcome: 'completed',
      reason,
      bucket,
      key: file.key,
      url: `s3://${bucket}/${file.key}`,
      sizeBytes: file.sizeBytes,
      format: file.format,
      ...checksum,
      ...etag,
      ...spoken(times),
      ...more,
      ...(manifest === undefined || manifest instanceof Error ? {} : { manifest }),
      ...(completeness === undefined ? {} : whatIsMissing(completeness, manifest)),
    },
  };
}

function whatIsMissing(
  { complete, reason, message, missingSeconds, gaps }: Completeness,
  manifest: WrittenManifest | Error | undefined,
): Partial<Extract<RecorderResult, { readonly outcome: 'completed' }>> {
  const unwritten =
    manifest instanceof Error ? [`the manifest could not be written: ${manifest.message}`] : [];
  const told = [...(message === undefined ? [] : [message]), ...unwritten].join('; ');
  return {
    complete,
    ...(reason === undefined ? {} : { incompleteReason: reason }),
    ...(told === '' ? {} : { incompleteMessage: told }),
    missingSeconds,
    ...(gaps.length === 0 ? {} : { gaps: [...gaps] }),
  };
}

/** Why a recording ended that has media: the last of it came in while it was being stopped for want of any. */
export function reasonWithMedia(reason: ResultReason): ResultReason {
  return reason === 'NoPublisher' ? 'PublisherLost' : reason;
}

/** It was over before any media came. */
export function failedWithoutMedia(reason: ResultReason): Outcome {
  const code = reason === 'Stopped' ? 'NothingReceived' : reason;
  return {
    exitCode: code === 'DiskFull' ? EXIT_CODES.diskFull : EXIT_CODES.noPublisher,
    result: { outcome: 'failed', reason: code, error: { code, message: RESULT_REASONS[code] } },
  };
}

/** There is a recording, and it could not be brought to S3, or something broke. It is still in the spool. */
export function failedWith(error: unknown, times: Times): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const reason = reasonOf(error);
  const final = reason !== 'Internal';
  return {
    exitCode: final ? EXIT_CODES.uploadImpossible : EXIT_CODES.failed,
    result: {
      outcome: 'failed',
      reason,
      ...spoken(times),
      error: {
        code: codeOf(error),
        message: final ? `${message}. The recording is kept in the spool.` : message,
      },
    },
  };
}

function spoken({ durationMs, startedAt, stoppedAt }: Times): Record<string, number | string> {
  return {
    ...(durationMs === undefined ? {} : { durationSeconds: durationMs / 1000 }),
    ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt).toISOString() }),
    ...(stoppedAt === undefined ? {} : { stoppedAt: new Date(stoppedAt).toISOString() }),
  };
}

function reasonOf(error: unknown): 'UploadFailed' | 'DiskFull' | 'Internal' {
  if (error instanceof UploadError) return 'UploadFailed';
  return error instanceof NoRoomError ? 'DiskFull' : 'Internal';
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' ? code : 'Internal';
}
