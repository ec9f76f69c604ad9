import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CHECK_MS = 5000;
/** Longer than load balancers keep theirs, so that they never send on a connection that is being closed. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const IDLE_CHECK_MS = 100;
const MAX_HEADER_BYTES = 16_384;

/** In milliseconds. */
export interface ServerLimits {
  /** From the connection, or the answer before, to the end of a request's headers. */
  readonly headersMs?: number;
  /** To the end of its body. */
  readonly requestMs?: number;
  /** How often requests are held against these. */
  readonly checkMs?: number;
}

/** An HTTP server with time limits, which ends in order. */
export class ApiServer {
  readonly #server: Server;

  constructor(listener: RequestListener, limits: ServerLimits = {}) {
    this.#server = createServer(
      {
        headersTimeout: limits.headersMs ?? HEADERS_TIMEOUT_MS,
        requestTimeout: limits.requestMs ?? REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: limits.checkMs ?? CHECK_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
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
