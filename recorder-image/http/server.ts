import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { RecorderMetrics } from '../metrics.ts';
import type { StatusBoard } from '../recording/status-board.ts';
import { answerStatus } from './status-route.ts';

export interface HttpServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly board: StatusBoard;
  readonly metrics: RecorderMetrics;
  /** Whether RTMP is listening. */
  readonly ready: () => boolean;
  readonly log: Logger;
}

/** Health, readiness, status and metrics, for the kubelet, the controller and Prometheus. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #server: Server;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        options.log.warn({ error }, 'request failed');
        response.destroy();
      });
    });
    this.#server.on('error', (error) => options.log.error({ error }, 'HTTP server'));
    // Nothing that is asked for here has a body, and a status may be held back for a minute.
    this.#server.headersTimeout = 10_000;
    this.#server.requestTimeout = 10_000;
  }

  async listen(): Promise<number> {
    this.#server.listen(this.#options.port);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeIdleConnections();
    // Who still waits for a change learns of the last one before the connection goes.
    setTimeout(() => this.#server.closeAllConnections(), 200).unref();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { board, metrics, ready } = this.#options;
    const url = new URL(request.url ?? '/', 'http://recorder');
    if (request.method !== 'GET') return send(response, 405, 'only GET\n');
    switch (url.pathname) {
      case '/healthz':
        return send(response, 200, 'ok\n');
      case '/readyz':
        return ready() ? send(response, 200, 'ok\n') : send(response, 503, 'not listening\n');
      case '/status':
        return answerStatus({ board, query: url.searchParams, response });
      case '/metrics':
        return send(response, 200, await metrics.text(), metrics.contentType);
      default:
        return send(response, 404, 'there are /healthz, /readyz, /status and /metrics\n');
    }
  }
}

export function send(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain',
): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
