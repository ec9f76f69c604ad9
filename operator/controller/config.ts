import { z } from 'zod';
import { CHECKSUM_SETTING_NAMES } from '../../recorder-image/contract/s3-agents.ts';
import { DEFAULT_KEY_TEMPLATE, keyTemplateFault } from '../../recorder-image/contract/key-template.ts';
import { ConfigError } from './config-error.ts';
import { KEEP_THE_NODE, json } from './environment-values.ts';
import { ingestConfig, ingestEnvironment } from './ingest-config.ts';
import { BYTES_QUANTITY, CPU_QUANTITY, quantityBytes } from './quantities.ts';

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false', '1', '0'])
    .transform((value) => value === 'true' || value === '1')
    .default(fallback);
const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const seconds = (fallback: number) => z.coerce.number().min(1).max(604_800).default(fallback);
/** A recorder's own default, in seconds. */
const RECORDERS_PUBLISHER_TIMEOUT = 120;
const text = (description: string) => z.string().min(1).optional().meta({ description });

/** The controller's environment: the one way to configure it. */
export const controllerEnvironmentSchema = z.object({
  RECORDINGS_NAMESPACE: text(
    'The namespace of MeetingRecordings and recorder pods; POD_NAMESPACE unless told.',
  ),
  POD_NAMESPACE: text('The namespace that the controller runs in.'),
  POD_NAME: text("The controller's own name in events and in the lease; the host's unless told."),
  RECORDER_IMAGE: z.string().min(1).meta({ description: 'The image of the recorder pods.' }),
  RECORDER_IMAGE_PULL_POLICY: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent')
    .meta({ description: 'When nodes pull it.' }),
  RECORDER_IMAGE_PULL_SECRET: text('The Secret with the registry credentials for it.'),
  RECORDER_SERVICE_ACCOUNT: text(
    'The service account of recorder pods, for web identity; they get no API token.',
  ),
  RECORDER_SECRET: text(
    'The Secret whose keys become environment of recorder pods: AWS_ACCESS_KEY_ID and so on.',
  ),
  RECORDER_CPU_REQUEST: z.string().regex(CPU_QUANTITY, 'is a quantity such as 100m').default('100m').meta({
    description: 'CPU request of a recorder that copies; a webm requests what its encoding takes more.',
  }),
  RECORDER_CPU_LIMIT: z.string().regex(CPU_QUANTITY, 'is a quantity such as 2').optional().meta({
    description: "CPU limit of a recorder, but for a webm's request where that is more. Default: none.",
  }),
  RECORDER_MEMORY: z.string().regex(BYTES_QUANTITY, 'is a quantity such as 224Mi').default('224Mi').meta({
    description:
      'Memory of a recorder that copies, request and limit; a webm has what its encoding takes more.',
  }),
  RECORDER_EPHEMERAL_STORAGE: z
    .string()
    .regex(BYTES_QUANTITY, 'is a quantity such as 8Gi')
    .default('8Gi')
    .meta({ description: 'The most that a spool may take; less where bitrate and duration need less.' }),
  RECORDER_EPHEMERAL_STORAGE_REQUEST: text('Request of ephemeral storage; the limit of the pod unless told.'),
  RECORDER_TERMINATION_GRACE_SECONDS: seconds(600).meta({
    description: 'Seconds that a recorder has to finish and upload after it was told to stop.',
  }),
  RECORDER_PRIORITY_CLASS: text('The priority class of recorder pods.'),
  RECORDER_ANNOTATIONS: json(z.record(z.string(), z.string())).default(KEEP_THE_NODE).meta({
    description:
      'Annotations of recorder pods, as JSON: unless told, those by which autoscalers leave their nodes alone.',
  }),
  RECORDER_NODE_SELECTOR: json(z.record(z.string(), z.string()))
    .optional()
    .meta({ description: 'Which nodes take recorder pods, as JSON; any unless told.' }),
  RECORDER_TOLERATIONS: json(z.array(z.record(z.string(), z.unknown())))
    .optional()
    .meta({ description: 'Taints that recorder pods tolerate, as JSON; none unless told.' }),
  RECORDER_RTMP_PORT: port(1935).meta({ description: "Port of a recorder's RTMP ingest." }),
  RECORDER_HTTP_PORT: port(8080).meta({ description: "Port of a recorder's health, status and metrics." }),
  RECORDER_LOG_LEVEL: text('How much recorders log; info unless told.'),
  MAX_CONCURRENT_RECORDINGS: z.coerce
    .number()
    .int()
    .min(1)
    .default(10)
    .meta({ description: 'How many recordings have a recorder at a time; the rest wait as Pending.' }),
  STREAM_KEY_SECRET: z
    .string()
    .min(32, 'is a random text of at least 32 characters, for example from: openssl rand -hex 32')
    .meta({ description: 'The master key that stream keys are derived from.' }),
  ...ingestEnvironment,
  AGORA_REST_API_BASE_URL: z
    .url()
    .optional()
    .meta({ description: "Agora's REST API; its public one unless told." }),
  AGORA_APP_ID: text('The Agora project; with the next two, or recordings of Agora channels fail.'),
  AGORA_CUSTOMER_ID: text('Customer id of the REST API.'),
  AGORA_CUSTOMER_SECRET: text('Customer secret of the REST API.'),
  S3_BUCKET: z.string().min(3).meta({ description: 'The bucket that takes the files.' }),
  S3_KEY_PREFIX: z.string().default('recordings/').meta({ description: 'What their keys begin with.' }),
  S3_KEY_TEMPLATE: z.string().default(DEFAULT_KEY_TEMPLATE).meta({
    description: "How a recording's folder is named after that: docs/reference/files.md.",
  }),
  S3_ENDPOINT: z.url().optional().meta({ description: 'URL of the S3 server, where it is not AWS.' }),
  S3_FORCE_PATH_STYLE: flag(false).meta({
    description: 'true: the bucket stands in the path, not in the host name.',
  }),
  S3_SSE: z
    .enum(['AES256', 'aws:kms'])
    .optional()
    .meta({ description: 'Server-side encryption of the files.' }),
  S3_SSE_KMS_KEY_ID: text('The KMS key, with S3_SSE=aws:kms.'),
  S3_CHECKSUMS: z.enum(CHECKSUM_SETTING_NAMES).default('when_supported').meta({
    description: 'when_required: requests and answers have no checksums, for stores that refuse them.',
  }),
  S3_CA_CONFIG_MAP: text(
    'The ConfigMap of the recordings namespace whose `ca.crt` recorders trust for S3 besides the usual authorities.',
  ),
  HTTPS_PROXY: text('The proxy through which recorders reach S3.'),
  NO_PROXY: text('Hosts that they reach without it.'),
  AWS_REGION: text('The region of the bucket.'),
  PUBLISHER_TIMEOUT: text('Seconds that a recorder waits for the first media; its own default unless told.'),
  RECONNECT_WINDOW: text('Seconds that a recorder waits for a lost publisher; its own default unless told.'),
  RECORDING_MIN_FREE_MB: text(
    'Free space in MB at which a recorder stops and saves; its own default unless told.',
  ),
  WEBM_WEIGHT: z.coerce.number().min(1).max(100).default(3).meta({
    description: 'How many slots a webm of 1280x720 at 30 frames per second takes; others in proportion.',
  }),
  AGORA_MAX_PUSHES: z.coerce.number().int().min(1).optional().meta({
    description: "The Agora project's quota of concurrent pushes; learnt from refusals unless told.",
  }),
  PUSH_SWEEP_INTERVAL: z.coerce
    .number()
    .min(0)
    .max(86_400)
    .default(300)
    .meta({ description: 'Seconds between looks for pushes that no recording has any use for; 0: none.' }),
  START_TIMEOUT: seconds(300).meta({
    description: 'Seconds within which a recorder pod must be ready and reachable.',
  }),
  RECORDER_LOST_AFTER: seconds(60).meta({
    description:
      'Seconds without a word from a recorder whose node does not answer, until another takes its place.',
  }),
  UPLOAD_RETRY_WINDOW: seconds(3600).meta({
    description: 'Seconds that a recorder which S3 refused is kept and tries again.',
  }),
  WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(10)
    .meta({ description: 'Recordings worked on at once.' }),
  HTTP_PORT: port(8080).meta({ description: 'Port of /healthz, /readyz and /metrics; 0 takes a free one.' }),
  LEADER_ELECTION: flag(true).meta({ description: 'false: this is the only controller.' }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta({ description: 'How much is logged, as JSON on stdout.' }),
});

export { ConfigError };

export type ControllerEnvironment = z.output<typeof controllerEnvironmentSchema>;

/** Reads the controller's environment; an empty value counts as absent. Throws {@link ConfigError}. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ControllerConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = controllerEnvironmentSchema.safeParse(given);
  if (parsed.success) {
    const fault = keyTemplateFault(parsed.data.S3_KEY_TEMPLATE, parsed.data.S3_KEY_PREFIX);
    if (fault !== undefined) throw new ConfigError(`S3_KEY_TEMPLATE: ${fault}`);
    return toConfig(parsed.data);
  }
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const schema = (controllerEnvironmentSchema.shape as Record<string, z.ZodType>)[name];
    return name in given
      ? `${name}: ${issue.message}`
      : `${name} is required. ${schema?.meta()?.description ?? ''}`;
  });
  throw new ConfigError(lines.join('\n'));
}

/** The typed configuration that everything receives. Durations in the unit that their names end in. */
export type ControllerConfig = ReturnType<typeof toConfig>;
/** What concerns recorder pods. */
export type RecorderConfig = ControllerConfig['recorder'];

function toConfig(env: ControllerEnvironment) {
  const ingest = ingestConfig(env);
  const agora =
    env.AGORA_APP_ID !== undefined &&
    env.AGORA_CUSTOMER_ID !== undefined &&
    env.AGORA_CUSTOMER_SECRET !== undefined
      ? {
          appId: env.AGORA_APP_ID,
          customerId: env.AGORA_CUSTOMER_ID,
          customerSecret: env.AGORA_CUSTOMER_SECRET,
          baseUrl: env.AGORA_REST_API_BASE_URL,
        }
      : undefined;
  return {
    namespace: env.RECORDINGS_NAMESPACE ?? env.POD_NAMESPACE ?? 'default',
    leaseNamespace: env.POD_NAMESPACE ?? env.RECORDINGS_NAMESPACE ?? 'default',
    podName: env.POD_NAME,
    leaderElection: env.LEADER_ELECTION,
    httpPort: env.HTTP_PORT,
    logLevel: env.LOG_LEVEL,
    workers: env.WORKERS,
    maxConcurrentRecordings: env.MAX_CONCURRENT_RECORDINGS,
    webmWeight: env.WEBM_WEIGHT,
    maxPushes: env.AGORA_MAX_PUSHES,
    pushSweepSeconds: env.PUSH_SWEEP_INTERVAL,
    masterKey: env.STREAM_KEY_SECRET,
    ingest,
    startTimeoutSeconds: env.START_TIMEOUT,
    recorderLostSeconds: env.RECORDER_LOST_AFTER,
    uploadRetrySeconds: env.UPLOAD_RETRY_WINDOW,
    agora,
    recorder: {
      image: env.RECORDER_IMAGE,
      imagePullPolicy: env.RECORDER_IMAGE_PULL_POLICY,
      imagePullSecret: env.RECORDER_IMAGE_PULL_SECRET,
      serviceAccount: env.RECORDER_SERVICE_ACCOUNT,
      secret: env.RECORDER_SECRET,
      priorityClass: env.RECORDER_PRIORITY_CLASS,
      annotations: env.RECORDER_ANNOTATIONS,
      nodeSelector: env.RECORDER_NODE_SELECTOR,
      tolerations: env.RECORDER_TOLERATIONS,
      cpuRequest: env.RECORDER_CPU_REQUEST,
      cpuLimit: env.RECORDER_CPU_LIMIT,
      memory: env.RECORDER_MEMORY,
      maxSpoolBytes: quantityBytes(env.RECORDER_EPHEMERAL_STORAGE),
      storageRequest: env.RECORDER_EPHEMERAL_STORAGE_REQUEST,
      terminationGraceSeconds: env.RECORDER_TERMINATION_GRACE_SECONDS,
      rtmpPort: env.RECORDER_RTMP_PORT,
      httpPort: env.RECORDER_HTTP_PORT,
      keyPrefix: env.S3_KEY_PREFIX,
      keyTemplate: env.S3_KEY_TEMPLATE,
      /** The Secret with the certificate of its ingest; absent: it speaks RTMP without TLS. */
      tlsSecret: ingest.exposure === 'gateway' ? ingest.gateway.tlsSecret : undefined,
      /** The ConfigMap with the authorities to trust for S3; absent: the usual ones. */
      s3CaConfigMap: env.S3_CA_CONFIG_MAP,
      /** Given to the pods as it is, where it is set. */
      environment: {
        S3_BUCKET: env.S3_BUCKET,
        S3_ENDPOINT: env.S3_ENDPOINT,
        S3_FORCE_PATH_STYLE: env.S3_FORCE_PATH_STYLE ? 'true' : undefined,
        S3_SSE: env.S3_SSE,
        S3_SSE_KMS_KEY_ID: env.S3_SSE_KMS_KEY_ID,
        S3_CHECKSUMS: env.S3_CHECKSUMS === 'when_supported' ? undefined : env.S3_CHECKSUMS,
        HTTPS_PROXY: env.HTTPS_PROXY,
        NO_PROXY: env.NO_PROXY,
        AWS_REGION: env.AWS_REGION,
        PUBLISHER_TIMEOUT: publisherTimeout(env, ingest.exposure),
        RECONNECT_WINDOW: env.RECONNECT_WINDOW,
        RECORDING_MIN_FREE_MB: env.RECORDING_MIN_FREE_MB,
        LOG_LEVEL: env.RECORDER_LOG_LEVEL,
      } satisfies Record<string, string | undefined>,
    },
  };
}

/** Seconds. What others have to make first, as a load balancer, is no publisher's fault: its time begins after that. */
function publisherTimeout(env: ControllerEnvironment, exposure: string): string | undefined {
  if (exposure !== 'loadBalancer' && exposure !== 'gateway') return env.PUBLISHER_TIMEOUT;
  const { PUBLISHER_TIMEOUT = RECORDERS_PUBLISHER_TIMEOUT } = env;
  return String(Number(PUBLISHER_TIMEOUT) + env.START_TIMEOUT);
}
