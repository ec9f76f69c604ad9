import type { Level } from 'pino';
import type { SalvageEnvironment } from '../contract/environment.ts';
import type { SigningKey } from '../contract/signing-keys.ts';
import { metadataOf } from '../recording/renditions/rendition.ts';
import { s3Settings, signingKey } from '../config.ts';
import type { S3Settings } from '../upload/s3-connection.ts';

export interface SalvageConfig {
  readonly recordingId: string;
  readonly format: SalvageEnvironment['RECORDING_FORMAT'];
  readonly key: string;
  readonly uid: string | undefined;
  readonly meetingId: string | undefined;
  readonly requestedBy: string | undefined;
  readonly attempt: number;
  readonly signingKey: SigningKey | undefined;
  /** Of what is put beside the files. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly s3: S3Settings;
  /** For a file that is made anew, while it is made. */
  readonly storagePath: string;
  readonly reindexMaxBytes: number;
  readonly giveUpAfterMs: number;
  readonly resultPath: string;
  readonly ffmpegPath: string;
  readonly logLevel: Level | 'silent';
}

export function salvageConfigFrom(env: SalvageEnvironment): SalvageConfig {
  return {
    recordingId: env.RECORDING_ID,
    format: env.RECORDING_FORMAT,
    key: env.S3_KEY,
    uid: env.RECORDING_UID,
    meetingId: env.MEETING_ID,
    requestedBy: env.REQUESTED_BY,
    attempt: env.RECORDING_ATTEMPT,
    signingKey: signingKey(env),
    metadata: metadataOf({
      recordingId: env.RECORDING_ID,
      uid: env.RECORDING_UID,
      meetingId: env.MEETING_ID,
    }),
    s3: s3Settings(env),
    storagePath: env.RECORDING_STORAGE_PATH,
    reindexMaxBytes: env.SALVAGE_REINDEX_MAX_MB * 1_000_000,
    giveUpAfterMs: env.UPLOAD_GIVE_UP_AFTER * 1000,
    resultPath: env.RESULT_PATH,
    ffmpegPath: env.FFMPEG_PATH,
    logLevel: env.LOG_LEVEL,
  };
}
