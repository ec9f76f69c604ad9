import { once } from 'node:events';
import { createServer, connect as connectTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Logger } from 'pino';

const LINGER_LIMIT_MS = 3000;

export interface RelayOptions {
  /** The RTMP server's address. */
  rtmpUrl: string;
  /** Source address of the connection to it. */
  localAddress?: string;
  logger: Logger;
}

/**
 * Stands between FFmpeg and the RTMP server, for what FFmpeg can't do: come from another address, reset the connection,
 * speak TLS without being built with it, and end a connection without hurting it. FFmpeg closes its socket while
 * acknowledgements are still coming, which makes the kernel answer them with a reset, and a reset throws away what the
 * server has not read yet.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #gone = Promise.withResolvers<void>();
  #sentBytes = 0;
  #error: string | undefined;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true });
    this.#server.maxConnections = 1;
    this.#server.on('connection', (publisher) => this.#forward(publisher));
  }

  static async listen(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** To the RTMP server, handshake included. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Resolves when the connection to the RTMP server is over, whoever ended it; never where there was none. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Why the connection ended, where it was an error. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Cuts the connection as a crashed host's network does; what is in flight may be lost. */
  reset(): void {
    for (const socket of this.#sockets) {
      // One that is not connected yet would be reset only when it is: an address that is no more never answers.
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  /** Waits for what is in flight to be read by the server, within a limit, then closes. */
  async close(): Promise<void> {
    this.#server.close();
    const open = [...this.#sockets].filter((socket) => !socket.closed);
    const limit = setTimeout(() => this.reset(), LINGER_LIMIT_MS);
    await Promise.all(
      open.map(async (socket) => new Promise((resolve) => void socket.once('close', resolve))),
    );
    clearTimeout(limit);
  }

  #forward(publisher: Socket): void {
    const server = this.#connect();
    for (const socket of [publisher, server]) {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    publisher.on('data', (chunk: Buffer) => {
      this.#sentBytes += chunk.length;
    });
    publisher.pipe(server);
    server.pipe(publisher);

    // From here on nobody wants what the server says, but it must be read all the same.
    publisher.once('close', () => {
      server.unpipe(publisher);
      server.resume();
      server.end();
    });
    publisher.once('error', (error) =>
      this.#options.logger.debug({ err: error }, 'FFmpeg closed its connection'),
    );
    server.once('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? error.message;
      this.#options.logger.debug({ err: error }, 'the RTMP server closed the connection');
    });
    server.once('end', () => publisher.end());
    server.once('close', () => {
      publisher.destroy();
      this.#gone.resolve();
    });
  }

  #connect(): Socket {
    const { rtmpUrl, localAddress } = this.#options;
    const url = new URL(rtmpUrl);
    const secure = url.protocol === 'rtmps:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const target = {
      host,
      port: url.port === '' ? (secure ? 443 : 1935) : Number(url.port),
      noDelay: true,
      allowHalfOpen: true,
      ...(localAddress !== undefined && { localAddress }),
    };
    return secure ? connectTls({ ...target, servername: host }) : connectTcp(target);
  }
}
