import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than load balancers keep theirs, so that they never send on a connection that is being closed. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const IDLE_CHECK_MS = 100;

/** An HTTP server with time limits, which ends in order. */
export class ApiServer {
  readonly #server: Server;

  constructor(listener: RequestListener) {
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: 16_384,
      },
      listener,
    );
  }

  /** Resolves with the port once it listens; rejects when it can't. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no further connection, lets requests under way finish for as many milliseconds, and ends. */
  async close(patienceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    // A connection that was busy when the server closed would be kept alive after its answer.
    const idle = setInterval(() => {
      this.#server.closeIdleConnections();
    }, IDLE_CHECK_MS);
    const patience = setTimeout(() => {
      this.#server.closeAllConnections();
    }, patienceMs);
    await closed;
    clearInterval(idle);
    clearTimeout(patience);
  }
}
