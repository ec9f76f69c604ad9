import type { Level } from 'pino';
import type { RecorderEnvironment } from './contract/environment.ts';
import { secretFrom } from './contract/signing-keys.ts';
import type { SigningKey } from './contract/signing-keys.ts';
import type { CertificatePaths } from './ingest/server-certificate.ts';
import type { EncodingOptions } from './mux/recipes.ts';
import type { S3Settings } from './upload/s3-connection.ts';

/** What the recorder works with: the environment, in the units and groups that the code uses. */
export interface RecorderConfig {
  readonly recordingId: string;
  readonly format: RecorderEnvironment['RECORDING_FORMAT'];
  /** Of the meeting that is recorded, where it is known. */
  readonly meetingId: string | undefined;
  /** Of the object. */
  readonly uid: string | undefined;
  readonly requestedBy: string | undefined;
  /** The number of this recorder among those of the recording. */
  readonly attempt: number;
  readonly node: string | undefined;
  readonly signingKey: SigningKey | undefined;
  /** Where the format needs encoding. */
  readonly encoding: EncodingOptions;
  readonly storagePath: string;
  readonly minFreeBytes: number;
  readonly spoolLimitBytes: number;
  /** At the start; {@link maxDurationPath} may change it. */
  readonly maxDurationMs: number;
  readonly maxDurationPath: string | undefined;
  readonly publisherTimeoutMs: number;
  readonly reconnectWindowMs: number;
  readonly stallMs: number;
  readonly streamKeySha256: string;
  readonly rtmpPort: number;
  readonly rtmpTls: CertificatePaths | undefined;
  readonly rtmpProxyProtocol: boolean;
  readonly httpPort: number;
  readonly ffmpegPath: string;
  readonly resultPath: string;
  readonly logLevel: Level | 'silent';
  readonly upload: { readonly key: string; readonly giveUpAfterMs: number; readonly s3: S3Settings };
}

export function configFrom(env: RecorderEnvironment): RecorderConfig {
  return {
    recordingId: env.RECORDING_ID,
    format: env.RECORDING_FORMAT,
    meetingId: env.MEETING_ID,
    uid: env.RECORDING_UID,
    requestedBy: env.REQUESTED_BY,
    attempt: env.RECORDING_ATTEMPT,
    node: env.NODE_NAME,
    signingKey: signingKey(env),
    encoding: {
      resolution: env.RECORDING_RESOLUTION,
      fps: env.RECORDING_FPS,
      bitrateKbps: env.RECORDING_BITRATE,
    },
    storagePath: env.RECORDING_STORAGE_PATH,
    minFreeBytes: env.RECORDING_MIN_FREE_MB * 1_000_000,
    spoolLimitBytes: (env.RECORDING_SPOOL_LIMIT_MB ?? Number.POSITIVE_INFINITY) * 1_000_000,
    maxDurationMs: env.RECORDING_MAX_DURATION * 1000,
    maxDurationPath: env.RECORDING_MAX_DURATION_FILE,
    publisherTimeoutMs: env.PUBLISHER_TIMEOUT * 1000,
    reconnectWindowMs: env.RECONNECT_WINDOW * 1000,
    stallMs: env.PUBLISHER_STALL_AFTER * 1000,
    streamKeySha256: env.STREAM_KEY_SHA256,
    rtmpPort: env.RTMP_PORT,
    rtmpTls: certificatePaths(env),
    rtmpProxyProtocol: env.RTMP_PROXY_PROTOCOL,
    httpPort: env.HTTP_PORT,
    ffmpegPath: env.FFMPEG_PATH,
    resultPath: env.RESULT_PATH,
    logLevel: env.LOG_LEVEL,
    upload: {
      key: env.S3_KEY,
      giveUpAfterMs: env.UPLOAD_GIVE_UP_AFTER * 1000,
      s3: s3Settings(env),
    },
  };
}

export function signingKey(
  env: Pick<RecorderEnvironment, 'MANIFEST_KEY' | 'MANIFEST_KEY_ID'>,
): SigningKey | undefined {
  const secret = secretFrom(env.MANIFEST_KEY ?? '');
  return secret === undefined || env.MANIFEST_KEY_ID === undefined
    ? undefined
    : { id: env.MANIFEST_KEY_ID, secret };
}

function certificatePaths(env: RecorderEnvironment): CertificatePaths | undefined {
  const { RTMP_TLS_CERT_PATH: certPath, RTMP_TLS_KEY_PATH: keyPath } = env;
  return certPath === undefined || keyPath === undefined ? undefined : { certPath, keyPath };
}

export function s3Settings(
  env: Pick<
    RecorderEnvironment,
    | 'S3_BUCKET'
    | 'S3_ENDPOINT'
    | 'S3_FORCE_PATH_STYLE'
    | 'S3_SSE'
    | 'S3_SSE_KMS_KEY_ID'
    | 'S3_CHECKSUMS'
    | 'S3_CA_FILE'
  >,
): S3Settings {
  return {
    bucket: env.S3_BUCKET,
    endpoint: env.S3_ENDPOINT,
    forcePathStyle: env.S3_FORCE_PATH_STYLE,
    sse: env.S3_SSE,
    sseKmsKeyId: env.S3_SSE_KMS_KEY_ID,
    checksums: env.S3_CHECKSUMS,
    caFile: env.S3_CA_FILE,
  };
}
