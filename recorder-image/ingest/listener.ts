import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer } from 'node:tls';
import type { Logger } from 'pino';
import { PeerAddress } from './peer-address.ts';
import { readProxyHeader } from './proxy-header.ts';
import { ServerCertificate } from './server-certificate.ts';
import type { CertificatePaths } from './server-certificate.ts';
import { SocketVisitor } from './visitor.ts';

/** How long a client may take for the TLS handshake, and a proxy for its header, in ms. */
const BEGIN_WITHIN_MS = 5000;

/** A connection is turned away before it came to RTMP: it did not begin in time, or began wrongly. */
export type FalseStart = 'late' | 'refused';

export interface ListenerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** With it, RTMPS is spoken, and nothing else. */
  readonly tls: CertificatePaths | undefined;
  /** A header of the PROXY protocol comes before everything else. */
  readonly proxyProtocol: boolean;
  readonly log: Logger;
  /** Whether a connection may come in, asked when it comes, and again when a proxy has said where from. */
  readonly onVisitor: (visitor: SocketVisitor) => boolean;
  readonly onVisitorGone: (visitor: SocketVisitor) => void;
  /** One that is ready for RTMP. */
  readonly onConnection: (socket: Socket, visitor: SocketVisitor) => void;
  readonly onFalseStart: (address: string, why: string, kind: FalseStart) => void;
}

/** What the ingest listens with: TCP, what a proxy says, TLS on it. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #certificate: ServerCertificate | undefined;
  /** Connections in their TLS handshake, by the other side's address and port. */
  readonly #handshaking = new Map<string, SocketVisitor>();

  constructor(options: ListenerOptions) {
    const { tls, log } = options;
    this.#options = options;
    // While a connection rests it is not read at all, rather than until 64 KiB are waiting.
    this.#server = createServer({ highWaterMark: 1 }, (socket) => this.#accept(socket));
    // One that can't be accepted, for want of a file descriptor, is no reason to end.
    this.#server.on('error', (error) => log.error({ error }, 'RTMP server'));
    if (tls === undefined) return;
    this.#tls = createTlsServer({ handshakeTimeout: BEGIN_WITHIN_MS });
    this.#tls.on('secureConnection', (socket) => {
      const visitor = this.#handshaking.get(peerOf(socket));
      if (visitor === undefined) socket.destroy();
      else options.onConnection(socket, visitor);
    });
    this.#tls.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const kind = error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT' ? 'late' : 'refused';
      options.onFalseStart(peerOf(socket), `no TLS: ${error.message}`, kind);
      // Node leaves it open.
      socket.destroy();
    });
    this.#certificate = new ServerCertificate({ server: this.#tls, paths: tls, log });
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

  #accept(socket: Socket): void {
    const { proxyProtocol, onVisitor, onVisitorGone, log } = this.#options;
    const visitor = new SocketVisitor(socket);
    socket.on('error', (error) => log.debug({ error: error.message }, 'connection broken'));
    if (!proxyProtocol) visitor.identify(visitor.direct, 0);
    if (!onVisitor(visitor)) return;
    const peer = peerOf(socket);
    socket.once('close', () => {
      this.#handshaking.delete(peer);
      onVisitorGone(visitor);
    });
    if (proxyProtocol) void this.#readHeader(socket, visitor);
    else this.#secure(socket, visitor);
  }

  async #readHeader(socket: Socket, visitor: SocketVisitor): Promise<void> {
    const { onVisitor, onVisitorGone, onFalseStart } = this.#options;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      socket.destroy();
    }, BEGIN_WITHIN_MS);
    try {
      const { bytes, source } = await readProxyHeader(socket);
      onVisitorGone(visitor);
      visitor.identify(source ?? visitor.direct, bytes);
      if (!onVisitor(visitor)) return;
      this.#secure(socket, visitor);
      socket.resume();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      onFalseStart(visitor.direct.toString(), why, late ? 'late' : 'refused');
      socket.destroy();
    } finally {
      clearTimeout(timer);
    }
  }

  #secure(socket: Socket, visitor: SocketVisitor): void {
    if (this.#tls === undefined) return this.#options.onConnection(socket, visitor);
    this.#handshaking.set(peerOf(socket), visitor);
    this.#tls.emit('connection', socket);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return new PeerAddress(remoteAddress ?? '', remotePort ?? 0).toString();
}
