import { Agent } from 'undici';

export interface Sample {
  readonly status: number;
  /** Milliseconds, from sending to the last byte. */
  readonly ms: number;
  readonly body: Record<string, unknown>;
}

export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
}

/** Sends requests on connections that are kept, as a backend does. */
export class Load implements AsyncDisposable {
  readonly #origin: string;
  readonly #agent: Agent;

  constructor(options: { origin: string; connections: number }) {
    this.#origin = options.origin;
    this.#agent = new Agent({ connections: options.connections, pipelining: 1 });
  }

  async send({ method, path, token, body }: LoadRequest): Promise<Sample> {
    const started = performance.now();
    const response = await this.#agent.request({
      origin: this.#origin,
      path,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
    const text = await response.body.text();
    return {
      status: response.statusCode,
      ms: performance.now() - started,
      body: JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>,
    };
  }

  /** Sends all of them, so many at once, each as soon as another one is answered. */
  async sendAll(requests: readonly LoadRequest[], atOnce: number): Promise<Sample[]> {
    const samples: Sample[] = [];
    const waiting = requests.values();
    const work = async (): Promise<void> => {
      for (const request of waiting) samples.push(await this.send(request));
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return samples;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.close();
  }
}

/** The value that this share of the samples is not above. @param share from 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
