import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { Track } from '../journal/flv.ts';
import { RtmpProtocol } from './rtmp-protocol.ts';

/** How long a client may take from connecting to the end of the handshake, in ms. */
const GREET_WITHIN_MS = 5000;
/** How long a client may take from connecting to publishing with the right key, in ms. */
const PROVE_WITHIN_MS = 10_000;
/** What a client may send until it has published with the right key, in bytes: the handshake and a few commands. */
const PROVE_WITHIN_BYTES = 64 * 1024;
/** Answers that a client leaves unread, in bytes, before it counts as one that only wants to fill our memory. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** How long a refused client has to take its answer and close, in ms. */
const LINGER_MS = 1000;
/**
 * What one read of the socket brings at most; less means that nothing more is waiting. Under TLS it is less by what
 * its records take beside their content.
 */
const FULL_READ_BYTES = 64 * 1024;
const FULL_TLS_READ_BYTES = 32 * 1024;

/**
 * A live publisher is read this often, in ms, rather than at each of its small messages: half the work of recording is
 * waking up. A burst is read at once.
 */
const READ_EVERY_MS = 200;
/**
 * How long it is read as it comes, in ms: after an acknowledgement, which a publisher that has closed answers with a
 * reset, and when another connection comes, which may be the same publisher once more.
 */
const EAGER_MS = 1000;

export interface PublisherHandlers {
  /** Whether this connection may publish with this app and stream key. */
  readonly onPublish: (publisher: Publisher, app: string, streamKey: string) => boolean;
  readonly onMedia: (publisher: Publisher, track: Track, timestamp: number, payload: Buffer) => void;
  /** All that has come was handed on, and nothing more will be for {@link READ_EVERY_MS}. */
  readonly onRest: () => void;
  /** Called once, as soon as the connection is closed or the publisher has said that it ends. */
  readonly onGone: (publisher: Publisher) => void;
}

/** One RTMP connection. It is read as fast as it comes: what is done with the media never holds the socket up. */
export class Publisher {
  /** IP address and port. */
  readonly address: string;
  /** IP address alone. */
  readonly host: string;
  readonly #socket: Socket;
  readonly #handlers: PublisherHandlers;
  readonly #log: Logger;
  readonly #protocol: RtmpProtocol;
  readonly #fullRead: number;
  #late: NodeJS.Timeout;
  #received = 0;
  #justRead = 0;
  #acknowledged = 0;
  #eagerUntil = 0;
  #proved = false;
  #gone = false;

  constructor(options: {
    readonly socket: Socket;
    readonly handlers: PublisherHandlers;
    readonly log: Logger;
  }) {
    const { socket, handlers, log } = options;
    this.host = socket.remoteAddress ?? '';
    this.address = `${this.host}:${socket.remotePort ?? 0}`;
    this.#socket = socket;
    this.#fullRead = socket instanceof TLSSocket ? FULL_TLS_READ_BYTES : FULL_READ_BYTES;
    this.#handlers = handlers;
    this.#log = log.child({ publisher: this.address });
    this.#protocol = new RtmpProtocol({
      onOutput: (bytes) => void socket.write(bytes),
      onPublish: (app, streamKey) => this.#publish(app, streamKey),
      onMedia: (track, timestamp, payload) => handlers.onMedia(this, track, timestamp, payload),
      onUnpublish: () => this.#leave('it unpublished'),
    });
    this.#late = setTimeout(() => this.#checkGreeting(), GREET_WITHIN_MS);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#log.debug({ error: error.message }, 'connection broken'));
    socket.once('close', () => {
      clearTimeout(this.#late);
      this.#leave('the connection closed');
    });
  }

  /** Whether the handshake is over. */
  get greeted(): boolean {
    return this.#protocol.greeted;
  }

  /** Reads at once what has come, the end of the connection too. */
  hurry(): void {
    this.#eagerUntil = performance.now() + EAGER_MS;
    this.#socket.resume();
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
    if (!this.#proved && this.#received > PROVE_WITHIN_BYTES) {
      this.#refuse('sent too much without publishing');
    } else if (this.#socket.writableLength > MAX_UNREAD_BYTES) {
      this.#refuse('does not read what it is answered');
    } else {
      if (this.#justRead === 0) setImmediate(() => this.#settle());
      this.#justRead += bytes.length;
    }
  }

  /**
   * After a read. What has come during a rest lies ready in the pieces in which it came, and TLS brings a read as many
   * records: how much there was is known when the last of them has been taken.
   */
  #settle(): void {
    const justRead = this.#justRead;
    this.#justRead = 0;
    if (this.#gone) return;
    this.#acknowledge(justRead);
    this.#rest(justRead);
  }

  /** Lets more come in before it is read. Never in a burst, where what is unread may be all that is left of it. */
  #rest(justRead: number): void {
    if (!this.#proved || justRead >= this.#fullRead || performance.now() < this.#eagerUntil) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), READ_EVERY_MS);
    this.#handlers.onRest();
  }

  #checkGreeting(): void {
    if (!this.#protocol.greeted) return this.#refuse('did not finish the handshake in time');
    const left = PROVE_WITHIN_MS - GREET_WITHIN_MS;
    this.#late = setTimeout(() => this.#refuse('did not publish in time'), left);
  }

  /**
   * Tells a publisher that asked for it how much has come. Never while more is waiting: one that has pushed its last
   * byte and closed would answer with a reset, and what is still unread would be lost.
   */
  #acknowledge(justRead: number): void {
    const window = this.#protocol.ackSize;
    if (window === undefined || !this.#proved || justRead >= this.#fullRead) return;
    if (this.#received - this.#acknowledged < window) return;
    this.#acknowledged = this.#received;
    this.#eagerUntil = performance.now() + EAGER_MS;
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
    clearTimeout(this.#late);
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
