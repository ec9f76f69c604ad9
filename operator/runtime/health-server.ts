import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthServerOptions {
  /** 0 takes a free one. */
  port: number;
  host?: string;
  registry: Registry;
  /** Why the process is not well; undefined when it is. */
  unhealthy?: () => string | undefined;
  /** Why the process is not ready; undefined when it is. */
  unready: () => string | undefined;
}

/** GET /healthz, /readyz and /metrics. */
export class HealthServer {
  readonly #options: HealthServerOptions;
  readonly #server: Server;

  constructor(options: HealthServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      void this.#answer(request.url ?? '/', response);
    });
  }

  /** Resolves with the port once it listens; rejects when it can't. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, this.#options.host ?? '0.0.0.0', resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const { registry, unhealthy, unready } = this.#options;
    const path = url.split('?')[0];
    if (path === '/healthz') return say(response, unhealthy?.());
    if (path === '/readyz') return say(response, unready());
    if (path !== '/metrics') {
      response.writeHead(404).end('/healthz, /readyz and /metrics are here\n');
      return;
    }
    try {
      const body = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(body);
    } catch (error) {
      response.writeHead(500).end(`${String(error)}\n`);
    }
  }
}

function say(response: ServerResponse, trouble: string | undefined): void {
  response.writeHead(trouble === undefined ? 200 : 503, { 'content-type': 'text/plain' });
  response.end(`${trouble ?? 'ok'}\n`);
}
