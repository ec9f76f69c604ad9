import type { Level } from 'pino';
import type { SalvageEnvironment } from '../contract/environment.ts';
import { s3Settings } from '../config.ts';
import type { S3Settings } from '../upload/s3-connection.ts';

export interface SalvageConfig {
  readonly recordingId: string;
  readonly recordingUid: string | undefined;
  readonly format: SalvageEnvironment['RECORDING_FORMAT'];
  readonly key: string;
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
    recordingUid: env.RECORDING_UID,
    format: env.RECORDING_FORMAT,
    key: env.S3_KEY,
    s3: s3Settings(env),
    storagePath: env.RECORDING_STORAGE_PATH,
    reindexMaxBytes: env.SALVAGE_REINDEX_MAX_MB * 1_000_000,
    giveUpAfterMs: env.UPLOAD_GIVE_UP_AFTER * 1000,
    resultPath: env.RESULT_PATH,
    ffmpegPath: env.FFMPEG_PATH,
    logLevel: env.LOG_LEVEL,
  };
}
