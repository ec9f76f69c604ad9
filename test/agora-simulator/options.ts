import type { Logger } from 'pino';
import * as z from 'zod';

/** How a simulator behaves; see README.md for the environment variables of the same meaning. */
export interface SimulatorOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  appId: string;
  customerId: string;
  customerSecret: string;
  /** Whether a channel that nobody made has "Ada" and "Grace" in it all the same. */
  autoChannel: boolean;
  /** Where published.flv files go; without one, a temporary folder that is removed at the end. */
  dataDirectory: string | undefined;
  ffmpeg: string;
  font: string;
  /** Where notifications go, and the secret they are signed with. */
  webhook: { url: string; secret: string } | undefined;
  /** Waits before each further delivery of a notification, in ms. */
  webhookRetryWaitsMs: readonly number[];
  /** Create, Delete and Get, each, a second and project. */
  requestsPerSecond: number;
  /** How many pushes of up to 640x360, up to 1280x720 and larger may run, outside mainland China. */
  quota: { small: number; medium: number; large: number };
  /** Wait between the tries of one push to reach its RTMP server, in seconds. */
  pushRetrySeconds: number;
  /** How long a push may fail to reach it before its converter has failed, in seconds. */
  pushFailSeconds: number;
  /** Converters on one page of List. */
  pageSize: number;
  /** Get's answer: as documented for transcoding converters, or always under `converter`. */
  getShape: 'flat' | 'nested';
  logger: Logger;
}

export const DEFAULT_OPTIONS: Omit<SimulatorOptions, 'logger'> = {
  host: '127.0.0.1',
  port: 0,
  appId: '0123456789abcdef0123456789abcdef',
  customerId: 'customer',
  customerSecret: 'customer-secret',
  autoChannel: true,
  dataDirectory: undefined,
  ffmpeg: 'ffmpeg',
  font: '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf',
  webhook: undefined,
  webhookRetryWaitsMs: [1000, 2000, 4000],
  requestsPerSecond: 50,
  quota: { small: 20, medium: 5, large: 5 },
  pushRetrySeconds: 2,
  pushFailSeconds: 60,
  pageSize: 500,
  getShape: 'flat',
};

const whole = z.coerce.number().int().nonnegative();

const environment = z.object({
  HOST: z.string().default('0.0.0.0'),
  HTTP_PORT: whole.default(8080),
  AGORA_APP_ID: z.string().default(DEFAULT_OPTIONS.appId),
  AGORA_CUSTOMER_ID: z.string().default(DEFAULT_OPTIONS.customerId),
  AGORA_CUSTOMER_SECRET: z.string().default(DEFAULT_OPTIONS.customerSecret),
  AUTO_CHANNEL: z.enum(['0', '1']).default('1'),
  DATA_DIRECTORY: z.string().optional(),
  FFMPEG: z.string().default(DEFAULT_OPTIONS.ffmpeg),
  FONT: z.string().default(DEFAULT_OPTIONS.font),
  AGORA_WEBHOOK_URL: z.url().optional(),
  AGORA_WEBHOOK_SECRET: z.string().default(''),
  QUOTA: z
    .string()
    .regex(/^\d+\/\d+\/\d+$/, 'QUOTA is three numbers such as 20/5/5')
    .default('20/5/5'),
  PUSH_RETRY_SECONDS: whole.default(DEFAULT_OPTIONS.pushRetrySeconds),
  PUSH_FAIL_SECONDS: whole.default(DEFAULT_OPTIONS.pushFailSeconds),
});

/** @throws ZodError naming each variable that cannot be used */
export function optionsFromEnvironment(
  variables: Record<string, string | undefined>,
  logger: Logger,
): SimulatorOptions {
  const it = environment.parse(variables);
  const [small = 0, medium = 0, large = 0] = it.QUOTA.split('/').map(Number);
  return {
    ...DEFAULT_OPTIONS,
    host: it.HOST,
    port: it.HTTP_PORT,
    appId: it.AGORA_APP_ID,
    customerId: it.AGORA_CUSTOMER_ID,
    customerSecret: it.AGORA_CUSTOMER_SECRET,
    autoChannel: it.AUTO_CHANNEL === '1',
    dataDirectory: it.DATA_DIRECTORY,
    ffmpeg: it.FFMPEG,
    font: it.FONT,
    webhook:
      it.AGORA_WEBHOOK_URL === undefined
        ? undefined
        : { url: it.AGORA_WEBHOOK_URL, secret: it.AGORA_WEBHOOK_SECRET },
    quota: { small, medium, large },
    pushRetrySeconds: it.PUSH_RETRY_SECONDS,
    pushFailSeconds: it.PUSH_FAIL_SECONDS,
    logger,
  };
}
