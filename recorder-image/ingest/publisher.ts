import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Track } from '../journal/flv.ts';
import { RtmpProtocol } from './rtmp-protocol.ts';

/** How long a client may take from connecting to publishing with the right key, in ms. */
const PROVE_WITHIN_MS = 10_000;
/** How long a refused client has to take its answer and close, in ms. */
const LINGER_MS = 1000;
/** What one read of the socket brings at most; less means that nothing more is waiting. */
const FULL_READ_BYTES = 64 * 1024;

export interface PublisherHandlers {
  /** Whether this connection may publish with this app and stream key. */
  readonly onPublish: (publisher: Publisher, app: string, streamKey: string) => boolean;
  readonly onMedia: (publisher: Publisher, track: Track, timestamp: number, payload: Buffer) => void;
  /** Called once, as soon as the connection is closed or the publisher has said that it ends. */
  readonly onGone: (publisher: Publisher) => void;
}

/** One RTMP connection. It is read as fast as it comes: what is done with the media never holds the socket up. */
export class Publisher {
  /** IP address and port. */
  readonly address: string;
  readonly #socket: Socket;
  readonly #handlers: PublisherHandlers;
  readonly #log: Logger;
  readonly #protocol: RtmpProtocol;
  readonly #late: NodeJS.Timeout;
  #received = 0;
  #acknowledged = 0;
  #proved = false;
  #gone = false;

  constructor(options: {
    readonly socket: Socket;
    readonly handlers: PublisherHandlers;
    readonly log: Logger;
  }) {
    const { socket, handlers, log } = options;
    this.address = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    this.#socket = socket;
    this.#handlers = handlers;
    this.#log = log.child({ publisher: this.address });
    this.#protocol = new RtmpProtocol({
      onOutput: (bytes) => void socket.write(bytes),
      onPublish: (app, streamKey) => this.#publish(app, streamKey),
      onMedia: (track, timestamp, payload) => handlers.onMedia(this, track, timestamp, payload),
      onUnpublish: () => this.#leave('it unpublished'),
    });
    this.#late = setTimeout(() => this.#refuse('did not publish in time'), PROVE_WITHIN_MS);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#log.debug({ error: error.message }, 'connection broken'));
    socket.once('close', () => {
      clearTimeout(this.#late);
      this.#leave('the connection closed');
    });
  }

  /** Closes the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (this.#gone) return;
    this.#received += bytes.length;
    try {
      this.#protocol.receive(bytes);
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#acknowledge(bytes.length);
  }

  /**
   * Tells a publisher that asked for it how much has come. Never while more is waiting: one that has pushed its last
   * byte and closed would answer with a reset, and what is still unread would be lost.
   */
  #acknowledge(justRead: number): void {
    const window = this.#protocol.ackSize;
    if (window === undefined || !this.#proved || justRead >= FULL_READ_BYTES) return;
    if (this.#received - this.#acknowledged < window) return;
    this.#acknowledged = this.#received;
    this.#protocol.sendACK(this.#received % 2 ** 32);
  }

  #publish(app: string, streamKey: string): boolean {
    if (this.#proved || !this.#handlers.onPublish(this, app, streamKey)) return false;
    this.#proved = true;
    clearTimeout(this.#late);
    this.#log.info('publisher accepted');
    return true;
  }

  #refuse(why: string): void {
    this.#log.warn({ why }, 'connection refused');
    // It is told the reason before the end; what it sends from now on is thrown away.
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#leave(why);
  }

  #leave(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    if (!this.#proved) return;
    this.#log.info({ why, bytes: this.#received }, 'publisher gone');
    this.#handlers.onGone(this);
  }
}
