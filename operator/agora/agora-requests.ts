import { setTimeout } from 'node:timers/promises';
import { type AgoraError, AgoraUnavailableError } from './agora-error.ts';
import { AgoraExchange, type AgoraRequest, type NoAnswer, type Reply } from './exchange.ts';
import type { AgoraMediaPushOptions } from './options.ts';
import { replyError } from './reply-error.ts';

/** How one call goes about failures. */
interface SendOptions<T> {
  signal?: AbortSignal | undefined;
  /** Statuses that are answers of their own, beside 2xx. */
  expected?: readonly number[];
  /** Looks whether an unanswered request was carried out all the same, at the host that did not answer. */
  settled?: (baseUrl: string) => Promise<T | undefined>;
}

const DEFAULT_WAITS_SECONDS = [1, 3, 6];
const RATE_LIMIT_WAITS_SECONDS = [5, 10, 15];

/** Sends requests as the documentation wants it: the same host again, then the other domain, with growing waits. */
export class AgoraRequests {
  readonly #options: AgoraMediaPushOptions;
  readonly #exchange: AgoraExchange;
  /** In the order in which they are asked. */
  #hosts: readonly string[];
  readonly #waitsMs: readonly number[];
  #rateLimitedInARow = 0;

  constructor(options: AgoraMediaPushOptions) {
    if (options.baseUrls.length === 0) throw new RangeError('baseUrls needs at least one address');
    this.#options = options;
    this.#exchange = new AgoraExchange(options);
    this.#hosts = options.baseUrls;
    this.#waitsMs = (options.retryWaitsSeconds ?? DEFAULT_WAITS_SECONDS).map((seconds) => seconds * 1000);
  }

  /** @throws AgoraError, or the signal's reason */
  async send<T = never>(request: AgoraRequest, options: SendOptions<T> = {}): Promise<Reply | T> {
    const { signal, settled } = options;
    for (let attempt = 0; ; attempt += 1) {
      const host = this.#hostFor(attempt);
      const result = await this.#ask(host, request, signal);
      if ('status' in result && result.status < 500)
        return this.#accept(request, result, options.expected ?? []);
      if (settled !== undefined && mayHaveHappened(result)) {
        const found = await settled(host);
        if (found !== undefined) return found;
      }
      const waitMs = this.#waitsMs[attempt];
      if (waitMs === undefined) throw this.#unavailable(request, result);
      this.#options.logger.warn(
        { operation: request.operation, failure: brief(result), waitMs },
        'trying Agora again',
      );
      await this.#sleep(waitMs, signal);
    }
  }

  /** One try at one host, for a look within another request's tries; no answer is undefined. */
  async tryOnce(baseUrl: string, request: AgoraRequest, signal?: AbortSignal): Promise<Reply | undefined> {
    const result = await this.#ask(baseUrl, request, signal);
    return 'status' in result && isSuccess(result.status) ? result : undefined;
  }

  /** A caller may give up before the first host's tries are over: then the next call begins with the other one. */
  async #ask(host: string, request: AgoraRequest, signal?: AbortSignal): Promise<Reply | NoAnswer> {
    try {
      return await this.#exchange.send(host, request, signal);
    } catch (error) {
      if (host === this.#hosts[0]) this.#hosts = [...this.#hosts.slice(1), host];
      throw error;
    }
  }

  /** Half of the tries go to each of two hosts. */
  #hostFor(attempt: number): string {
    const hosts = this.#hosts;
    const tries = this.#waitsMs.length + 1;
    const index = Math.floor((attempt * hosts.length) / Math.max(tries, hosts.length));
    return hosts[index] ?? hosts[0] ?? '';
  }

  #accept(request: AgoraRequest, reply: Reply, expected: readonly number[]): Reply {
    this.#rateLimitedInARow = reply.status === 429 ? this.#rateLimitedInARow + 1 : 0;
    if (isSuccess(reply.status) || expected.includes(reply.status)) return reply;
    throw this.#error(request, reply);
  }

  #unavailable(request: AgoraRequest, result: Reply | NoAnswer): AgoraError {
    if ('status' in result) return this.#error(request, result);
    return new AgoraUnavailableError(
      result.noAnswer === 'timeout'
        ? `Agora did not answer in time (${request.operation})`
        : `Agora cannot be reached (${request.operation}, ${result.code})`,
    );
  }

  #error(request: AgoraRequest, reply: Reply): AgoraError {
    const retryAfterSeconds =
      reply.retryAfterSeconds ?? (reply.status === 429 ? this.#rateLimitWait() : undefined);
    return replyError(
      request.operation,
      { ...reply, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) },
      this.#exchange.secretsOf(request),
    );
  }

  /** Spread by up to a fifth, so that recordings refused together do not come back together. */
  #rateLimitWait(): number {
    const step = Math.min(this.#rateLimitedInARow, RATE_LIMIT_WAITS_SECONDS.length) - 1;
    const seconds = RATE_LIMIT_WAITS_SECONDS[Math.max(step, 0)] ?? 5;
    return seconds * (1 + 0.2 * (this.#options.random ?? Math.random)());
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#options.sleep !== undefined) return this.#options.sleep(ms, signal);
    try {
      await setTimeout(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // The timer's own AbortError says less than the caller's reason.
      signal?.throwIfAborted();
      throw error;
    }
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function mayHaveHappened(result: Reply | NoAnswer): boolean {
  return 'status' in result ? result.status === 504 : result.noAnswer === 'timeout';
}

function brief(result: Reply | NoAnswer): string {
  return 'status' in result ? String(result.status) : `${result.noAnswer} ${result.code}`;
}
