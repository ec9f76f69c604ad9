import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecorderStatus } from '../../../recorder-image/contract/status.ts';

/**
 * The HTTP side of every recorder that kwok pretends to run. Their pods have loopback addresses of their own, and one
 * server answers for them all: each records from the first moment on, and nothing ever changes.
 */
export class Recorders implements AsyncDisposable {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #startedAt = new Date().toISOString();

  /** Resolves with the port. */
  async listen(): Promise<number> {
    this.#server.on('connection', (socket) => {
      if (!/^(::ffff:)?127\./.test(socket.localAddress ?? '')) socket.destroy();
    });
    this.#server.keepAliveTimeout = 120_000;
    // Every loopback address, which is what no address means here.
    this.#server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 });
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const query = new URLSearchParams((request.url ?? '').split('?')[1]);
    const status: RecorderStatus = {
      recordingId: request.headers.host ?? '',
      state: 'recording',
      version: 1,
      startedAt: this.#startedAt,
      durationSeconds: 1,
      bytesReceived: 1,
      bytesUploaded: 0,
      bytesSpooled: 1,
      bytesFree: 1e9,
      bitrateKbps: 2000,
      fps: 30,
      takes: 1,
    };
    const answer = (): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(status));
    };
    if (Number(query.get('after') ?? 0) < status.version) {
      answer();
      return;
    }
    const timer = setTimeout(answer, Number(query.get('wait') ?? 0) * 1000);
    response.on('close', () => clearTimeout(timer));
  }
}
