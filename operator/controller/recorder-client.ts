import { Agent, request } from 'undici';
import { MAX_STATUS_WAIT_SECONDS } from '../../recorder-image/contract/status.ts';

export interface StatusRequest {
  /** `http://HOST:PORT` */
  baseUrl: string;
  /** Answer when the status's version is above this. */
  after: number | undefined;
  /** Seconds that the recorder may hold its answer back. */
  waitSeconds: number;
  signal: AbortSignal;
}

/** What a recorder pod says of itself, over its HTTP port. */
export interface RecorderClient {
  /** The answer's JSON, unchecked. Throws when there is none in time, or none that is JSON of a sensible size. */
  status(options: StatusRequest): Promise<unknown>;
}

/** Milliseconds beyond the agreed wait after which there will be no answer. */
const ANSWER_MS = 5000;
/** Ten thousand parts of each of several takes have room in it. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export class HttpRecorderClient implements RecorderClient {
  /** One connection a recorder is enough, for one answer at a time is waited for. */
  readonly #agent = new Agent({
    connections: 1,
    connect: { timeout: 3000 },
    maxResponseSize: MAX_ANSWER_BYTES,
  });

  async status({ baseUrl, after, waitSeconds, signal }: StatusRequest): Promise<unknown> {
    const wait = Math.min(waitSeconds, MAX_STATUS_WAIT_SECONDS);
    const limit = wait * 1000 + ANSWER_MS;
    const { statusCode, body } = await request(`${baseUrl}/status`, {
      dispatcher: this.#agent,
      ...(after !== undefined && { query: { wait, after } }),
      signal,
      headersTimeout: limit,
      bodyTimeout: limit,
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`The recorder answered ${statusCode}`);
    }
    return await body.json();
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
