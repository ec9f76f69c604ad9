import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Logger } from 'pino';
import { ServerCertificate } from './server-certificate.ts';
import type { CertificatePaths } from './server-certificate.ts';
import type { Visitor } from './waiting-room.ts';

/** How long a client may take for the TLS handshake, in ms. */
const HANDSHAKE_WITHIN_MS = 5000;

export interface ListenerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** With it, RTMPS is spoken, and nothing else. */
  readonly tls: CertificatePaths | undefined;
  readonly log: Logger;
  /** A connection that is ready for RTMP. */
  readonly onConnection: (socket: Socket) => void;
  /** One that has to finish its TLS handshake first. */
  readonly onStranger: (visitor: Visitor) => void;
  /** It has finished it, or is gone. */
  readonly onStrangerGone: (visitor: Visitor) => void;
}

/** What the ingest listens with: TCP, or TLS on it. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #certificate: ServerCertificate | undefined;
  /** Connections in their TLS handshake, by the other side's address and port. */
  readonly #strangers = new Map<string, Visitor>();

  constructor(options: ListenerOptions) {
    const { tls, log } = options;
    this.#options = options;
    if (tls === undefined) {
      // While a connection rests it is not read at all, rather than until 64 KiB are waiting.
      this.#server = createServer({ highWaterMark: 1 }, options.onConnection);
    } else {
      const server = createTlsServer({ handshakeTimeout: HANDSHAKE_WITHIN_MS });
      server.on('connection', (socket: Socket) => this.#greet(socket));
      server.on('secureConnection', (socket) => {
        this.#forget(addressOf(socket));
        options.onConnection(socket);
      });
      server.on('tlsClientError', (error) => log.debug({ error: error.message }, 'no TLS'));
      this.#certificate = new ServerCertificate({ server, paths: tls, log });
      this.#server = server;
    }
    // One that can't be accepted, for want of a file descriptor, is no reason to end.
    this.#server.on('error', (error) => log.error({ error }, 'RTMP server'));
  }

  /** Returns the port once it listens. Throws when it can't, CertificateError for want of a certificate. */
  async listen(): Promise<number> {
    await this.#certificate?.open();
    this.#server.listen(this.#options.port);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no further connection. */
  close(): void {
    this.#certificate?.[Symbol.dispose]();
    this.#server.close();
  }

  #greet(socket: Socket): void {
    const address = addressOf(socket);
    const visitor = {
      host: socket.remoteAddress ?? '',
      greeted: false,
      close: () => void socket.destroy(),
    };
    this.#strangers.set(address, visitor);
    this.#options.onStranger(visitor);
    socket.once('close', () => this.#forget(address, visitor));
  }

  #forget(address: string, only?: Visitor): void {
    const visitor = this.#strangers.get(address);
    if (visitor === undefined || (only !== undefined && only !== visitor)) return;
    this.#strangers.delete(address);
    this.#options.onStrangerGone(visitor);
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0}`;
}
