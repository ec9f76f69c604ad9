import type { Logger } from 'pino';

const BASE_URLS = ['https://api.agora.io', 'https://api.sd-rtn.com'];

/** The hosts that are asked, in this order: Agora's two, unless an installation names one. */
export function baseUrlsOf(baseUrl: string | undefined): readonly string[] {
  return baseUrl === undefined ? BASE_URLS : [baseUrl];
}

/** What the Media Push client needs of the world. */
export interface AgoraMediaPushOptions {
  /** Tried in this order, e.g. https://api.agora.io and https://api.sd-rtn.com; at least one. */
  baseUrls: readonly string[];
  appId: string;
  customerId: string;
  customerSecret: string;
  /** Sent with Create: an address near which Agora should place the push. */
  regionHintIp?: string;
  logger: Pick<Logger, 'debug' | 'warn'>;
  /** How long one request may take, in ms; default 10 s. */
  requestTimeoutMs?: number;
  /** Waits between the tries of one call, in seconds; default 1, 3 and 6, so four tries. None: one try. */
  retryWaitsSeconds?: readonly number[];
  /** Waits `ms` milliseconds, or rejects with the signal's reason. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Unix time in ms. */
  now?: () => number;
  /** In [0, 1). */
  random?: () => number;
  /** False: nothing but questions leaves this process, for it may have lost its leadership. */
  mayWrite?: () => boolean;
  /** Called once a request; `status` is the HTTP status, or `timeout` or `network` where there was no answer. */
  onRequest?: (operation: AgoraOperation, status: string) => void;
}

export type AgoraOperation = 'create' | 'delete' | 'update' | 'get' | 'list' | 'users';
