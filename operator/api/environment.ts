import { z } from 'zod';
import { CHECKSUM_SETTING_NAMES } from '../../recorder-image/contract/s3-agents.ts';
import { DEFAULT_KEY_TEMPLATE } from '../../recorder-image/contract/key-template.ts';
import { BOUNDS, DEFAULTS, FORMATS, LAYOUTS, RESOLUTION_PATTERN } from '../crd/spec.ts';

const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((value) => value === 'true' || value === '1')
  .default(false);
const integer = (min: number, max: number, fallback: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const rate = (fallback: number) => z.coerce.number().min(0).max(1_000_000).default(fallback);

/** The API's environment: the one way to configure it. What concerns AWS itself is read by the AWS SDK. */
export const environmentSchema = z.object({
  HTTP_PORT: integer(0, 65_535, 8080).meta({ description: 'Port of the API; 0 takes a free one.' }),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'is a URI of the form mongodb://HOST/DATABASE')
    .meta({ description: 'The meeting database: mongodb://HOST/DATABASE' }),
  JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'has 32 bytes or more, else it can be guessed')
    .optional()
    .meta({ description: 'The shared secret that tokens are verified with (HS256). This or JWT_JWKS_URL.' }),
  JWT_JWKS_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'Where the public keys are that tokens are verified with. This or JWT_SECRET.' }),
  JWT_ISSUER: z
    .string()
    .optional()
    .meta({ description: "What a token's iss claim must be; not checked without." }),
  JWT_AUDIENCE: z
    .string()
    .optional()
    .meta({ description: "What a token's aud claim must contain; not checked without." }),
  POD_NAMESPACE: z.string().optional().meta({ description: 'The namespace that the API runs in.' }),
  RECORDINGS_NAMESPACE: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'is the name of a namespace')
    .optional()
    .meta({ description: 'The namespace of the MeetingRecordings; POD_NAMESPACE without.' }),
  CLUSTER_NAME: z
    .string()
    .max(253)
    .default('default')
    .meta({ description: 'Tells this cluster from others that share the database.' }),
  STREAM_KEY_SECRET: z
    .string()
    .min(32, 'has 32 characters or more, and is the same as the controller has')
    .meta({ description: 'The master key that stream keys are derived from, as the controller has it.' }),
  RECORDING_DEFAULT_FORMAT: z
    .enum(FORMATS)
    .default(DEFAULTS.format)
    .meta({ description: 'Format of a recording that is started without one.' }),
  RECORDING_DEFAULT_RESOLUTION: z
    .string()
    .regex(RESOLUTION_PATTERN, 'is WIDTHxHEIGHT in pixels, for example 1280x720')
    .default(DEFAULTS.resolution)
    .meta({ description: 'Resolution of a recording that is started without one.' }),
  RECORDING_DEFAULT_FPS: integer(BOUNDS.fps.min, BOUNDS.fps.max, DEFAULTS.fps).meta({
    description: 'Frames per second of a recording that is started without.',
  }),
  RECORDING_DEFAULT_BITRATE: integer(
    BOUNDS.bitrateKbps.min,
    BOUNDS.bitrateKbps.max,
    DEFAULTS.bitrateKbps,
  ).meta({ description: 'kbit/s of a recording that is started without.' }),
  RECORDING_DEFAULT_LAYOUT: z.enum(LAYOUTS).default('auto').meta({
    description:
      'How participants of Agora channels are arranged, where nobody says otherwise: auto, grid, speaker.',
  }),
  RECORDING_MAX_DURATION: integer(
    BOUNDS.maxDurationSeconds.min,
    BOUNDS.maxDurationSeconds.max,
    DEFAULTS.maxDurationSeconds,
  ).meta({ description: 'Seconds after which a recording ends, and the most that a start may ask for.' }),
  MAX_QUEUED_RECORDINGS: integer(0, 1_000_000, 1000).meta({
    description: 'Recordings that may wait for a slot before a start is refused.',
  }),
  SWEEP_INTERVAL: integer(1, 86_400, 60).meta({
    description: 'Seconds between looks for starts and stops that were left half done.',
  }),
  RESYNC_INTERVAL: integer(1, 86_400, 300).meta({
    description: 'Seconds between writing the state of every recording to the database again.',
  }),
  S3_ENDPOINT: z.url().optional().meta({ description: 'URL of the S3 server, where it is not AWS.' }),
  S3_PUBLIC_ENDPOINT: z
    .url()
    .optional()
    .meta({ description: 'The same server as those who download reach it, where that differs.' }),
  S3_FORCE_PATH_STYLE: flag.meta({
    description: 'true: the bucket stands in the path, not in the host name.',
  }),
  S3_CHECKSUMS: z.enum(CHECKSUM_SETTING_NAMES).default('when_supported').meta({
    description: 'when_required: requests and answers have no checksums, for stores that refuse them.',
  }),
  S3_CA_FILE: z.string().min(1).optional().meta({
    description: 'PEM file with authorities that are trusted for S3 besides the usual ones.',
  }),
  DOWNLOAD_URL_EXPIRY: integer(60, 86_400, 900).meta({ description: 'Seconds that a download URL serves.' }),
  RECORDING_TOKEN_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'has 32 bytes or more, else it can be guessed')
    .optional()
    .meta({ description: 'What recording tokens are signed with; none are issued without.' }),
  WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description: 'Where the backend is told of what happens to recordings; nobody is told without.',
    }),
  WEBHOOK_SECRET: z
    .string()
    .min(16, 'has 16 characters or more, else it can be guessed')
    .optional()
    .meta({ description: 'What those webhooks are signed with; required with WEBHOOK_URL.' }),
  S3_BUCKET: z.string().optional().meta({
    description: 'Where recordings that are still being made are looked for, to be watched meanwhile.',
  }),
  S3_KEY_PREFIX: z
    .string()
    .default('recordings/')
    .meta({ description: 'What their keys begin with, as the controller has it.' }),
  S3_KEY_TEMPLATE: z.string().default(DEFAULT_KEY_TEMPLATE).meta({
    description: "How a recording's folder is named after that, as the controller has it.",
  }),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'What links to the API begin with; what the request was sent to, unless told.' }),
  RECORDING_RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).optional().meta({
    description: 'Days after which files are removed, where the meeting has no other; kept without.',
  }),
  UPLOAD_SWEEP_INTERVAL: integer(0, 86_400, 3600).meta({
    description:
      'Seconds between looks for unfinished uploads of recordings that are over or gone, with S3_BUCKET; 0: none.',
  }),
  RETENTION_INTERVAL: integer(1, 86_400, 3600).meta({
    description: 'Seconds between looks for files whose time is over.',
  }),
  RATE_LIMIT_USER: rate(20).meta({
    description:
      'Requests a second that a user may send on and on, to each replica; 0: as many as they like.',
  }),
  RATE_LIMIT_ADDRESS: rate(200).meta({
    description: 'The same for an address; with proxies in front, TRUST_PROXY_HOPS must be right.',
  }),
  RATE_LIMIT_BURST: integer(1, 1000, 3).meta({
    description: 'Seconds of either rate that may come at once.',
  }),
  MEETING_END_GRACE: integer(0, 86_400, 60).meta({
    description: 'Seconds after the last participant left an Agora channel until its recording stops.',
  }),
  AGORA_WEBHOOK_SECRET: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Verifies Agora's webhooks; they are refused without." }),
  AGORA_APP_ID: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'The Agora project, for RTC tokens and for asking who is in a channel.' }),
  AGORA_CUSTOMER_ID: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Customer id of Agora's REST API; without, Agora is not asked." }),
  AGORA_CUSTOMER_SECRET: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Customer secret of the REST API.' }),
  AGORA_REST_API_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: "Agora's REST API; its public one unless told." }),
  AGORA_POLL_INTERVAL: integer(0, 3600, 30).meta({
    description: 'Seconds between looks at who is in a channel, for lost webhooks; 0: none.',
  }),
  AGORA_APP_CERTIFICATE: z
    .string()
    .regex(/^[0-9a-f]{32}$/i, "is the project's certificate, 32 hex digits")
    .optional()
    .meta({ description: 'What RTC tokens are made with; none are issued without.' }),
  TRUST_PROXY_HOPS: integer(0, 10, 0).meta({
    description: 'Proxies in front whose X-Forwarded-For is believed.',
  }),
  SHUTDOWN_DELAY: integer(0, 300, 5).meta({
    description: 'Seconds after SIGTERM that new requests are still taken, until nobody sends any here.',
  }),
  SHUTDOWN_TIMEOUT: integer(0, 600, 20).meta({
    description: 'Seconds that requests under way get to finish after that.',
  }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta({ description: 'How much is logged, as JSON on stdout.' }),
});

export type ApiEnvironment = z.output<typeof environmentSchema>;

/** One line a variable, for `--help`. */
export function describeEnvironment(): string {
  const shape: Record<string, z.ZodType> = environmentSchema.shape;
  return Object.entries(shape)
    .map(([name, schema]) => {
      const absent = schema.safeParse(undefined);
      const fallback = absent.success ? absent.data : undefined;
      const isPlain =
        typeof fallback === 'string' || typeof fallback === 'number' || typeof fallback === 'boolean';
      const note = absent.success ? (isPlain ? ` (default ${fallback})` : '') : ' (required)';
      return `  ${name.padEnd(30)}${schema.meta()?.description ?? ''}${note}`;
    })
    .join('\n');
}
