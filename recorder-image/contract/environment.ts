import { z } from 'zod';
import { CHECKSUM_SETTING_NAMES } from './s3-agents.ts';
import { FORMAT_NAMES } from './formats.ts';
import { KEY_ID, secretFrom } from './signing-keys.ts';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const seconds = (fallback: number) => z.coerce.number().min(0.1).max(604_800).default(fallback);
const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((value) => value === 'true' || value === '1')
  .default(false);

/**
 * The recorder's environment: the one way to configure it. Durations in seconds, bitrate in kbit/s.
 * What concerns AWS itself (AWS_REGION, AWS_ACCESS_KEY_ID, web identity, …) is read by the AWS SDK.
 */
export const environmentSchema = z.object({
  RECORDING_ID: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/, 'is a name of letters, digits, dots, dashes and underscores')
    .meta({ description: 'Names the files and appears in every log line.' }),
  MEETING_ID: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: 'Goes into the metadata of what is uploaded.' }),
  RECORDING_UID: z
    .string()
    .regex(/^[0-9a-f-]{12,64}$/, 'is the UID of the MeetingRecording')
    .optional()
    .meta({ description: 'UID of the MeetingRecording. It marks the objects of this recording as its own.' }),
  RECORDING_ATTEMPT: z.coerce
    .number()
    .int()
    .min(1)
    .default(1)
    .meta({ description: 'The number of this recorder among those of the recording.' }),
  REQUESTED_BY: z.string().min(1).max(256).optional().meta({ description: 'Goes into the manifest.' }),
  NODE_NAME: z.string().min(1).max(253).optional().meta({ description: 'Goes into the manifest.' }),
  MANIFEST_KEY: z
    .string()
    .refine((text) => secretFrom(text) !== undefined, 'is a secret of 16 bytes or more, as hex or base64')
    .optional()
    .meta({ description: 'The secret that manifests are signed with, as hex or base64.' }),
  MANIFEST_KEY_ID: z
    .string()
    .regex(KEY_ID, 'is a name of letters, digits, dots, dashes and underscores')
    .optional()
    .meta({ description: 'What that key is called in the manifest; required with MANIFEST_KEY.' }),
  STREAM_KEY_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'is the SHA-256 of the stream key as 64 lower-case hex digits')
    .meta({ description: 'The one stream key that may publish, as its SHA-256.' }),
  RTMP_PORT: port(1935).meta({ description: 'Port of the RTMP ingest; 0 takes a free one.' }),
  RTMP_TLS_CERT_PATH: z.string().min(1).optional().meta({
    description: 'PEM file with the certificate and its chain: the ingest speaks RTMPS, and no RTMP.',
  }),
  RTMP_TLS_KEY_PATH: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "PEM file with the certificate's key; required with RTMP_TLS_CERT_PATH." }),
  RTMP_PROXY_PROTOCOL: flag.meta({
    description:
      'true: each connection to the ingest begins with a header of the PROXY protocol, version 2, that says where it comes from.',
  }),
  HTTP_PORT: port(8080).meta({ description: 'Port of health, status and metrics; 0 takes a free one.' }),
  RECORDING_FORMAT: z.enum(FORMAT_NAMES).default('mp4').meta({ description: 'The file that is made.' }),
  RECORDING_RESOLUTION: z
    .string()
    .regex(/^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$/, 'is WIDTHxHEIGHT in pixels, for example 1280x720')
    .default('1280x720')
    .meta({ description: 'WIDTHxHEIGHT in pixels, where the format needs encoding.' }),
  RECORDING_FPS: z.coerce
    .number()
    .int()
    .min(1)
    .max(60)
    .default(30)
    .meta({ description: 'Frames per second, where the format needs encoding.' }),
  RECORDING_BITRATE: z.coerce
    .number()
    .int()
    .min(100)
    .max(20_000)
    .default(2000)
    .meta({ description: 'kbit/s, where the format needs encoding.' }),
  RECORDING_MAX_DURATION: seconds(7200).meta({ description: 'Seconds of media, then it stops by itself.' }),
  RECORDING_MAX_DURATION_FILE: z.string().min(1).optional().meta({
    description:
      'A file with that number, which is looked at every second while it is there: it may be lowered and raised.',
  }),
  RECORDING_STORAGE_PATH: z
    .string()
    .min(1)
    .default('/tmp/recordings')
    .meta({ description: 'The spool: journal and unfinished output.' }),
  RECORDING_MIN_FREE_MB: z.coerce.number().min(0).default(256).meta({
    description: 'Free space in MB at which it stops and saves; below twice of that it makes room.',
  }),
  RECORDING_SPOOL_LIMIT_MB: z.coerce.number().min(1).optional().meta({
    description:
      'The most that the spool may take, in MB, where the file system would give more than a limit allows.',
  }),
  PUBLISHER_TIMEOUT: seconds(120).meta({ description: 'Seconds to wait for the first media.' }),
  RECONNECT_WINDOW: seconds(180).meta({ description: 'Seconds to wait for a lost or stalled publisher.' }),
  PUBLISHER_STALL_AFTER: seconds(10).meta({
    description: 'Seconds without media after which a connected publisher counts as lost.',
  }),
  S3_BUCKET: z
    .string()
    .min(3, 'names the bucket that takes the file')
    .max(255)
    .meta({ description: 'The bucket that takes the file.' }),
  S3_KEY: z
    .string()
    .min(1, 'is the key of the file in the bucket')
    .max(1024)
    .meta({ description: 'The key of the file in the bucket.' }),
  S3_ENDPOINT: z.url().optional().meta({ description: 'URL of the S3 server, where it is not AWS.' }),
  S3_FORCE_PATH_STYLE: flag.meta({
    description: 'true: the bucket stands in the path, not in the host name.',
  }),
  S3_SSE: z
    .enum(['AES256', 'aws:kms'])
    .optional()
    .meta({ description: 'Server-side encryption of the file.' }),
  S3_SSE_KMS_KEY_ID: z.string().min(1).optional().meta({ description: 'The KMS key, with S3_SSE=aws:kms.' }),
  S3_CHECKSUMS: z.enum(CHECKSUM_SETTING_NAMES).default('when_supported').meta({
    description: 'when_required: requests and answers have no checksums, for stores that refuse them.',
  }),
  S3_CA_FILE: z.string().min(1).optional().meta({
    description: 'PEM file with authorities that are trusted for S3 besides the usual ones.',
  }),
  UPLOAD_GIVE_UP_AFTER: seconds(60).meta({
    description:
      'Seconds for which S3 may refuse the finished file (no such bucket, access denied) until that is final.',
  }),
  RESULT_PATH: z
    .string()
    .min(1)
    .default('/dev/termination-log')
    .meta({ description: 'Where the result is written.' }),
  FFMPEG_PATH: z
    .string()
    .min(1)
    .default('ffmpeg')
    .meta({ description: 'The FFmpeg program: what recorder-image/ffmpeg/build.sh builds.' }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta({ description: 'How much is logged, as JSON on stdout.' }),
});

export type RecorderEnvironment = z.output<typeof environmentSchema>;

const CERTIFICATE = ['RTMP_TLS_CERT_PATH', 'RTMP_TLS_KEY_PATH'] as const;
const SIGNATURE = ['MANIFEST_KEY', 'MANIFEST_KEY_ID'] as const;

const recorderEnvironmentSchema = environmentSchema.superRefine(requirePairs(CERTIFICATE, SIGNATURE));

/** Refuses a variable that says something only together with another one. */
function requirePairs(...pairs: readonly (readonly [string, string])[]) {
  return (env: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    for (const pair of pairs) {
      const [missing, more] = pair.filter((name) => env[name] === undefined);
      if (missing === undefined || more !== undefined) continue;
      const other = pair.find((name) => name !== missing) ?? '';
      context.addIssue({ code: 'custom', path: [missing], message: `is required with ${other}` });
    }
  };
}

/** The environment lacks something or says something impossible: exit code 13. The message has a line for each variable. */
export class EnvironmentError extends Error {
  readonly code = 'BadConfiguration';
  override readonly name = 'EnvironmentError';
}

/** What `salvage` reads: as the recorder whose file it saves, but for what only a publisher needs. */
export const salvageEnvironmentSchema = environmentSchema
  .pick({
    RECORDING_ID: true,
    RECORDING_UID: true,
    RECORDING_ATTEMPT: true,
    MEETING_ID: true,
    REQUESTED_BY: true,
    NODE_NAME: true,
    MANIFEST_KEY: true,
    MANIFEST_KEY_ID: true,
    RECORDING_FORMAT: true,
    RECORDING_STORAGE_PATH: true,
    S3_BUCKET: true,
    S3_KEY: true,
    S3_ENDPOINT: true,
    S3_FORCE_PATH_STYLE: true,
    S3_SSE: true,
    S3_SSE_KMS_KEY_ID: true,
    S3_CHECKSUMS: true,
    S3_CA_FILE: true,
    UPLOAD_GIVE_UP_AFTER: true,
    RESULT_PATH: true,
    FFMPEG_PATH: true,
    LOG_LEVEL: true,
  })
  .extend({
    SALVAGE_REINDEX_MAX_MB: z.coerce.number().min(0).default(1074).meta({
      description:
        'Size in MB up to which a file is made anew with its index, so that players can seek in it.',
    }),
  });

export type SalvageEnvironment = z.output<typeof salvageEnvironmentSchema>;

/** Reads the recorder's environment; an empty value counts as absent. Throws {@link EnvironmentError}. */
export function parseEnvironment(env: Environment): RecorderEnvironment {
  return parse(recorderEnvironmentSchema, env);
}

/** The same for `salvage`. */
export function parseSalvageEnvironment(env: Environment): SalvageEnvironment {
  return parse(salvageEnvironmentSchema.superRefine(requirePairs(SIGNATURE)), env);
}

type Environment = Readonly<Record<string, string | undefined>>;

function parse<T extends z.ZodObject>(schema: T, env: Environment): z.output<T> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const variable = String(issue.path[0]);
    return variable in given
      ? `${variable}: ${issue.message}`
      : `${variable} is missing: it ${describe(variable)}`;
  });
  throw new EnvironmentError(lines.join('\n'));
}

function describe(variable: string): string {
  const field = (environmentSchema.shape as Record<string, z.ZodType>)[variable];
  return `is required. ${field?.meta()?.description ?? ''}`.trim();
}
