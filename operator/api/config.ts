import { keyTemplateFault } from '../../recorder-image/contract/key-template.ts';
import type { z } from 'zod';
import type { RecordingDefaults } from '../meetings/recording-request.ts';
import type { TokenKeys } from './authentication.ts';
import { environmentSchema } from './environment.ts';
import type { ChecksumSetting } from '../../recorder-image/contract/s3-agents.ts';
import type { ApiEnvironment } from './environment.ts';
import type { RateLimits } from './limit-requests.ts';

/** What the API is told to do. */
export interface ApiConfig {
  readonly httpPort: number;
  readonly mongodbUri: string;
  readonly tokens: {
    readonly keys: TokenKeys;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
  };
  readonly namespace: string;
  readonly cluster: string;
  readonly streamKeySecret: string;
  readonly defaults: RecordingDefaults;
  /** Seconds of media: the most that a start may ask for. */
  readonly maxDuration: number;
  readonly maxQueued: number;
  readonly sweepIntervalMs: number;
  readonly resyncIntervalMs: number;
  readonly storage: {
    readonly endpoint: string | undefined;
    readonly publicEndpoint: string | undefined;
    readonly forcePathStyle: boolean;
    readonly checksums: ChecksumSetting;
    readonly caFile: string | undefined;
    readonly expirySeconds: number;
  };
  /** Where recordings are written; undefined where it is not told. */
  readonly bucket: string | undefined;
  readonly keyPrefix: string;
  readonly keyTemplate: string;
  readonly publicUrl: string | undefined;
  readonly retentionDays: number | undefined;
  readonly retentionIntervalMs: number;
  /** 0: none. */
  readonly uploadSweepIntervalMs: number;
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
  readonly meetingEndGraceMs: number;
  readonly recordingTokenSecret: string | undefined;
  readonly rateLimits: RateLimits;
  readonly agoraWebhookSecret: string | undefined;
  /** What RTC tokens are made with; undefined where none are issued. */
  readonly rtc: { readonly appId: string; readonly certificate: string } | undefined;
  /** How Agora is asked who is in a channel; undefined where it is not. */
  readonly agoraPoll:
    | {
        readonly appId: string;
        readonly customerId: string;
        readonly customerSecret: string;
        readonly baseUrl: string | undefined;
        readonly intervalMs: number;
      }
    | undefined;
  readonly trustProxyHops: number;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: ApiEnvironment['LOG_LEVEL'];
}

/** The environment lacks something or says something impossible. The message has a line for each variable. */
export class ConfigError extends Error {
  readonly code = 'BAD_CONFIGURATION';

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
  }
}

/** Reads the API's environment; an empty value counts as absent. Throws {@link ConfigError}, without any value in it. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ApiConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(given);
  const wrong = parsed.success ? [] : parsed.error.issues.map((issue) => sayWrong(issue, given));
  const keys = tokenKeys(given, wrong);
  const template = parsed.data && keyTemplateFault(parsed.data.S3_KEY_TEMPLATE, parsed.data.S3_KEY_PREFIX);
  if (template !== undefined) wrong.push(`S3_KEY_TEMPLATE: ${template}`);
  const namespace = given['RECORDINGS_NAMESPACE'] ?? given['POD_NAMESPACE'];
  if (namespace === undefined)
    wrong.push('RECORDINGS_NAMESPACE is missing: the namespace of the MeetingRecordings.');
  if ((given['WEBHOOK_URL'] === undefined) !== (given['WEBHOOK_SECRET'] === undefined))
    wrong.push('WEBHOOK_URL, WEBHOOK_SECRET: set both of them, or none.');
  if (given['AGORA_APP_CERTIFICATE'] !== undefined && !/^[0-9a-f]{32}$/i.test(given['AGORA_APP_ID'] ?? ''))
    wrong.push('AGORA_APP_ID: with AGORA_APP_CERTIFICATE, it is the 32 hex digits of the Agora project.');
  if (!parsed.success || keys === undefined || namespace === undefined || wrong.length > 0) {
    throw new ConfigError(wrong);
  }
  const { data } = parsed;
  return {
    httpPort: data.HTTP_PORT,
    mongodbUri: data.MONGODB_URI,
    tokens: { keys, issuer: data.JWT_ISSUER, audience: data.JWT_AUDIENCE },
    namespace,
    cluster: data.CLUSTER_NAME,
    streamKeySecret: data.STREAM_KEY_SECRET,
    defaults: {
      format: data.RECORDING_DEFAULT_FORMAT,
      resolution: data.RECORDING_DEFAULT_RESOLUTION,
      fps: data.RECORDING_DEFAULT_FPS,
      bitrate: data.RECORDING_DEFAULT_BITRATE,
      maxDuration: data.RECORDING_MAX_DURATION,
      layout: data.RECORDING_DEFAULT_LAYOUT,
    },
    maxDuration: data.RECORDING_MAX_DURATION,
    maxQueued: data.MAX_QUEUED_RECORDINGS,
    sweepIntervalMs: data.SWEEP_INTERVAL * 1000,
    resyncIntervalMs: data.RESYNC_INTERVAL * 1000,
    storage: {
      endpoint: data.S3_ENDPOINT,
      publicEndpoint: data.S3_PUBLIC_ENDPOINT,
      forcePathStyle: data.S3_FORCE_PATH_STYLE,
      checksums: data.S3_CHECKSUMS,
      caFile: data.S3_CA_FILE,
      expirySeconds: data.DOWNLOAD_URL_EXPIRY,
    },
    webhook: webhookOf(data),
    meetingEndGraceMs: data.MEETING_END_GRACE * 1000,
    recordingTokenSecret: data.RECORDING_TOKEN_SECRET,
    rateLimits: {
      user: rateOf(data.RATE_LIMIT_USER, data.RATE_LIMIT_BURST),
      address: rateOf(data.RATE_LIMIT_ADDRESS, data.RATE_LIMIT_BURST),
    },
    bucket: data.S3_BUCKET,
    keyPrefix: data.S3_KEY_PREFIX,
    keyTemplate: data.S3_KEY_TEMPLATE,
    publicUrl: data.PUBLIC_URL,
    retentionDays: data.RECORDING_RETENTION_DAYS,
    retentionIntervalMs: data.RETENTION_INTERVAL * 1000,
    uploadSweepIntervalMs: data.UPLOAD_SWEEP_INTERVAL * 1000,
    agoraWebhookSecret: data.AGORA_WEBHOOK_SECRET,
    rtc: rtcOf(data),
    agoraPoll: pollOf(data),
    trustProxyHops: data.TRUST_PROXY_HOPS,
    shutdownDelayMs: data.SHUTDOWN_DELAY * 1000,
    shutdownTimeoutMs: data.SHUTDOWN_TIMEOUT * 1000,
    logLevel: data.LOG_LEVEL,
  };
}

function rtcOf({
  AGORA_APP_ID: appId,
  AGORA_APP_CERTIFICATE: certificate,
}: ApiEnvironment): ApiConfig['rtc'] {
  return appId === undefined || certificate === undefined ? undefined : { appId, certificate };
}

function pollOf({
  AGORA_APP_ID: appId,
  AGORA_CUSTOMER_ID: customerId,
  AGORA_CUSTOMER_SECRET: customerSecret,
  AGORA_REST_API_BASE_URL: baseUrl,
  AGORA_POLL_INTERVAL: seconds,
}: ApiEnvironment): ApiConfig['agoraPoll'] {
  const isTold = appId !== undefined && customerId !== undefined && customerSecret !== undefined;
  if (!isTold || seconds === 0) return undefined;
  return { appId, customerId, customerSecret, baseUrl, intervalMs: seconds * 1000 };
}

function webhookOf({ WEBHOOK_URL: url, WEBHOOK_SECRET: secret }: ApiEnvironment): ApiConfig['webhook'] {
  return url === undefined || secret === undefined ? undefined : { url, secret };
}

function rateOf(perSecond: number, burstSeconds: number): RateLimits['user'] {
  return perSecond === 0
    ? undefined
    : { perSecond, burst: Math.max(1, Math.round(perSecond * burstSeconds)) };
}

function tokenKeys(
  given: Readonly<Record<string, string | undefined>>,
  wrong: string[],
): TokenKeys | undefined {
  const { JWT_SECRET: secret, JWT_JWKS_URL: url } = given;
  if (secret !== undefined && url === undefined) return { secret };
  if (url !== undefined && secret === undefined)
    return URL.canParse(url) ? { jwksUrl: new URL(url) } : undefined;
  wrong.push('JWT_SECRET, JWT_JWKS_URL: set exactly one of them, to verify tokens with.');
  return undefined;
}

function sayWrong(issue: z.core.$ZodIssue, given: Readonly<Record<string, string | undefined>>): string {
  const name = String(issue.path[0]);
  if (name in given) return `${name}: ${issue.message}`;
  const shape: Record<string, z.ZodType> = environmentSchema.shape;
  return `${name} is missing: ${shape[name]?.meta()?.description ?? 'it is required.'}`;
}
