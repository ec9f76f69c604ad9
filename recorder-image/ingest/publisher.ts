import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { Track } from '../journal/flv.ts';
import type { FourCcs } from './enhanced-capabilities.ts';
import type { PublisherHandlers } from './publisher-handlers.ts';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';
import { RtmpProtocol } from './rtmp-protocol.ts';
import type { SocketVisitor } from './visitor.ts';

/** How long a client may take from connecting to the end of the handshake, in ms. */
const GREET_WITHIN_MS = 5000;
/** How long a client may take from connecting to publishing with the right key, in ms. */
const PROVE_WITHIN_MS = 10_000;
/** What a client may send until it has published with the right key, in bytes: the handshake and a few commands. */
const PROVE_WITHIN_BYTES = 64 * 1024;
/** Answers that a client may leave unread, in bytes: one that leaves more only wants to fill our memory. */
const MAX_UNREAD_BYTES = 64 * 1024;
/** How long a refused client has to take its answer and close, in ms. */
const LINGER_MS = 1000;
/** After which silence TCP asks whether a publisher is still there, in ms. */
const KEEP_ALIVE_MS = 30_000;
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
/** How long it is read as it comes, in ms, after an answer: a publisher that has closed answers that with a reset. */
const EAGER_MS = 1000;
/** After so long without anything more, in ms, a full read was the last of a burst: its client may wait for an answer. */
const QUIET_MS = 200;
/** Turns of the event loop without anything read, after which the socket holds nothing. Each turn asks the kernel. */
const DRAINED_TURNS = 3;
/** One that never stops sending is not drained for longer than this, in ms. */
const DRAIN_MS = 1000;
/** Reasons for refusing a track that are told to one connection. A codec has one, and there are not more codecs. */
const MAX_REFUSALS = 64;

export interface PublisherOptions {
  readonly socket: Socket;
  readonly visitor: SocketVisitor;
  readonly fourCcs: FourCcs;
  readonly handlers: PublisherHandlers;
  readonly log: Logger;
}

/** One RTMP connection. It is read as fast as it comes: what is done with the media never holds the socket up. */
export class Publisher {
  readonly visitor: SocketVisitor;
  /** IP address and port, of the publisher itself where a proxy stands before it. */
  readonly address: string;
  readonly #socket: Socket;
  readonly #handlers: PublisherHandlers;
  readonly #log: Logger;
  readonly #protocol: RtmpProtocol;
  readonly #fullRead: number;
  readonly #refusals = new Set<string>();
  #late: NodeJS.Timeout;
  #received = 0;
  #justRead = 0;
  #acknowledged = 0;
  #eagerUntil = 0;
  #quiet: NodeJS.Timeout | undefined;
  /** Answers that wait until what is there has been read. */
  #answers: Buffer[] = [];
  #reading = false;
  #proved = false;
  #publishing = false;
  #gone = false;

  constructor({ socket, visitor, fourCcs, handlers, log }: PublisherOptions) {
    this.visitor = visitor;
    this.address = (visitor.address ?? visitor.direct).toString();
    this.#socket = socket;
    this.#fullRead = socket instanceof TLSSocket ? FULL_TLS_READ_BYTES : FULL_READ_BYTES;
    this.#handlers = handlers;
    this.#log = log.child({ publisher: this.address });
    this.#protocol = new RtmpProtocol(fourCcs, {
      onOutput: (bytes) => this.#answer(bytes),
      onPublish: (app, streamKey) => this.#askToPublish(app, streamKey),
      onMedia: (track, timestamp, payload) => this.#media(track, timestamp, payload),
      onUnpublish: () => this.#unpublish('it unpublished'),
    });
    this.#late = setTimeout(() => this.#checkGreeting(), GREET_WITHIN_MS);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#log.debug({ error: error.message }, 'connection broken'));
    socket.once('close', () => this.#leave('the connection closed'));
  }

  /** Whether its connection is closed, or about to be. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Reads at once what has come, the end of the connection too. */
  hurry(): void {
    this.#eagerUntil = performance.now() + EAGER_MS;
    this.#socket.resume();
  }

  /** Hands on what the socket holds. Returns when it holds nothing more, or after a second of a publisher in full flow. */
  async drain(): Promise<void> {
    const until = performance.now() + DRAIN_MS;
    this.hurry();
    for (let quiet = 0; quiet < DRAINED_TURNS && performance.now() < until;) {
      const seen = this.#received;
      await nextTurn();
      quiet = seen === this.#received ? quiet + 1 : 0;
    }
  }

  /** Its turn has come: it is live, with what it has sent since it asked. */
  start(): void {
    this.#publishing = true;
    this.#log.info('publisher accepted');
    this.#guard(() => this.#protocol.start());
    this.#socket.resume();
  }

  /** It may not publish now. */
  reject(why: string): void {
    if (this.#gone) return;
    this.#protocol.refuse(why);
    this.#log.warn({ why }, 'publisher refused');
    this.#end(why);
  }

  /** Another publisher has taken its place. */
  displace(): void {
    this.#publishing = false;
    this.#flush();
    const why = 'another publisher with this stream key has taken over';
    this.#protocol.status('error', 'NetStream.Publish.BadName', `Closed: ${why}.`);
    this.#log.info({ why, bytes: this.#received }, 'publisher gone');
    this.#end(why);
  }

  /** Closes the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (this.#gone) return;
    this.#received += bytes.length;
    this.#reading = true;
    this.#guard(() => this.#protocol.receive(bytes));
    this.#reading = false;
    if (this.#gone) return;
    // A live publisher is never answered while more is waiting to be read: one that has pushed its last byte and closed
    // would answer with a reset, and what is still unread would be lost.
    if (!this.#publishing) this.#flush();
    this.visitor.greeted = this.#protocol.greeted;
    if (!this.#proved && this.#received > PROVE_WITHIN_BYTES) {
      this.#refuse('sent too much without publishing');
    } else if (this.#socket.writableLength > MAX_UNREAD_BYTES) {
      this.#refuse('does not read what it is answered');
    } else {
      if (this.#justRead === 0) setImmediate(() => this.#settle());
      this.#justRead += bytes.length;
    }
  }

  /** What the bytes of a client make the protocol throw costs that client its connection, and nothing else. */
  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof RtmpProtocolError)) this.#log.error({ error }, 'RTMP');
      this.#refuse(error instanceof Error ? error.message : String(error));
    }
  }

  /** Answers to one read go out together. */
  #answer(bytes: Buffer): void {
    if (this.#reading) this.#answers.push(bytes);
    else this.#socket.write(bytes);
  }

  #flush(): void {
    if (this.#answers.length === 0) return;
    this.#socket.write(Buffer.concat(this.#answers));
    this.#answers = [];
    this.#eagerUntil = performance.now() + EAGER_MS;
  }

  /**
   * After a read. What has come during a rest lies ready in the pieces in which it came, and TLS brings a read as many
   * records: how much there was is known when the last of them has been taken.
   */
  #settle(): void {
    const justRead = this.#justRead;
    this.#justRead = 0;
    if (this.#gone) return;
    if (justRead >= this.#fullRead) return this.#settleWhenQuiet();
    this.#acknowledge();
    this.#flush();
    this.#rest();
  }

  /** On a busy machine the time may be over before the kernel was asked for more: once more it is. */
  #settleWhenQuiet(): void {
    this.#quiet ??= setTimeout(() => {
      const seen = this.#received;
      setImmediate(() => {
        if (seen === this.#received) this.#settle();
      });
    }, QUIET_MS);
    this.#quiet.refresh();
  }

  /** Lets more come in before it is read. Never in a burst, where what is unread may be all that is left of it. */
  #rest(): void {
    if (!this.#publishing || performance.now() < this.#eagerUntil) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), READ_EVERY_MS);
    this.#handlers.onRest();
  }

  /** Tells a publisher that asked for it how much has come. */
  #acknowledge(): void {
    const { windowSize } = this.#protocol;
    if (windowSize === undefined || !this.#proved || this.#received - this.#acknowledged < windowSize) return;
    this.#acknowledged = this.#received;
    this.#eagerUntil = performance.now() + EAGER_MS;
    this.#protocol.answers.acknowledge(this.#received);
  }

  #checkGreeting(): void {
    if (!this.#protocol.greeted) return this.#refuse('did not finish the handshake in time', 'late');
    const left = PROVE_WITHIN_MS - GREET_WITHIN_MS;
    this.#late = setTimeout(() => this.#refuse('did not publish in time', 'late'), left);
  }

  #askToPublish(app: string, streamKey: string): void {
    if (!this.#handlers.onPublish(this, app, streamKey)) {
      this.#protocol.refuse('Publishing is refused.');
      throw new RtmpProtocolError('may not publish');
    }
    this.#proved = true;
    clearTimeout(this.#late);
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket.pause();
  }

  #media(track: Track, timestamp: number, payload: Buffer): void {
    const refusal = this.#handlers.onMedia(this, track, timestamp, payload);
    if (refusal === undefined) return;
    const { refused, fatal } = refusal;
    if (!fatal && (this.#refusals.has(refused) || this.#refusals.size >= MAX_REFUSALS)) return;
    this.#refusals.add(refused);
    this.#protocol.status(fatal ? 'error' : 'warning', 'NetStream.Publish.Rejected', refused);
    if (fatal) throw new RtmpProtocolError(refused);
    this.#log.warn({ why: refused }, 'track refused');
  }

  #refuse(why: string, kind: 'late' | 'refused' = 'refused'): void {
    if (this.#gone) return;
    if (this.#proved) this.#log.warn({ why }, 'connection refused');
    else this.#handlers.onRefused(this, why, kind);
    this.#end(why);
  }

  /** It is told what it has not been told yet, and then its connection is closed; what it sends is thrown away. */
  #end(why: string): void {
    this.#flush();
    this.#socket.end();
    this.#socket.resume();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#leave(why);
  }

  #leave(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#late);
    clearTimeout(this.#quiet);
    this.#unpublish(why);
    this.#handlers.onGone(this);
  }

  #unpublish(why: string): void {
    if (!this.#publishing) return;
    this.#flush();
    this.#publishing = false;
    this.#log.info({ why, bytes: this.#received }, 'publisher gone');
    this.#handlers.onUnpublish(this);
  }
}
