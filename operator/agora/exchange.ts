import { randomUUID } from 'node:crypto';
import axios from 'axios';
import { streamKeysOf } from './scrub.ts';
import type { AgoraMediaPushOptions, AgoraOperation } from './options.ts';

/** One request as every host understands it. */
export interface AgoraRequest {
  operation: AgoraOperation;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the host on, with a leading slash. */
  path: string;
  query?: Record<string, string | number>;
  body?: object;
  /** The RTMP address inside the body, whose key must not come out again in a message. */
  rtmpUrl?: string;
}

export interface Reply {
  status: number;
  body: unknown;
  requestId?: string;
  retryAfterSeconds?: number;
}

/** Whether Agora acted is then unknown. */
export interface NoAnswer {
  noAnswer: 'timeout' | 'network';
  /** A system's error code such as ECONNREFUSED. */
  code: string;
}

const LARGEST_ANSWER_BYTES = 8 * 1024 * 1024;
/** Seconds for which Agora, or whoever stands in front of it, can have us wait. */
const LONGEST_RETRY_AFTER = 300;

/** Sends one request to one host, once, within a time limit. */
export class AgoraExchange {
  readonly #options: AgoraMediaPushOptions;
  readonly #timeoutMs: number;

  constructor(options: AgoraMediaPushOptions) {
    this.#options = options;
    this.#timeoutMs = options.requestTimeoutMs ?? 10_000;
  }

  /** @throws only the signal's reason, or that this process must not write; every other failure is a result */
  async send(baseUrl: string, request: AgoraRequest, signal?: AbortSignal): Promise<Reply | NoAnswer> {
    signal?.throwIfAborted();
    const { customerId, customerSecret, mayWrite, onRequest, logger } = this.#options;
    if (request.method !== 'GET' && mayWrite?.() === false)
      throw new Error('This process is not the leader and must not write');
    const { operation } = request;
    const requestId = randomUUID();
    const limit = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await axios.request<unknown>({
        baseURL: baseUrl.replace(/\/+$/, ''),
        url: request.path,
        method: request.method,
        params: request.query,
        data: request.body,
        auth: { username: customerId, password: customerSecret },
        headers: { 'Content-Type': 'application/json', 'X-Request-ID': requestId },
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        // A redirect would carry the stream key to wherever it points.
        maxRedirects: 0,
        maxContentLength: LARGEST_ANSWER_BYTES,
        validateStatus: () => true,
      });
      onRequest?.(operation, String(response.status));
      logger.debug({ operation, status: response.status, requestId, host: baseUrl }, 'asked Agora');
      const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
      return {
        status: response.status,
        body: response.data,
        requestId,
        ...(Number.isFinite(seconds) &&
          seconds >= 0 && { retryAfterSeconds: Math.min(seconds, LONGEST_RETRY_AFTER) }),
      };
    } catch (error) {
      signal?.throwIfAborted();
      const noAnswer = limit.aborted ? 'timeout' : 'network';
      // Axios's error holds the whole request, credentials and stream key included: only its code goes on.
      const code = axios.isAxiosError(error) ? (error.code ?? 'unknown') : 'unknown';
      onRequest?.(operation, noAnswer);
      logger.debug({ operation, noAnswer, code, requestId, host: baseUrl }, 'Agora did not answer');
      return { noAnswer, code };
    }
  }

  /** What a message about this request must not contain. */
  secretsOf(request: AgoraRequest): string[] {
    const { customerId, customerSecret } = this.#options;
    const basic = Buffer.from(`${customerId}:${customerSecret}`).toString('base64');
    return [basic, customerSecret, ...(request.rtmpUrl === undefined ? [] : streamKeysOf(request.rtmpUrl))];
  }
}
