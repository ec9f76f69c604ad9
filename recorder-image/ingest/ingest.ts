import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Track } from '../journal/flv.ts';
import { AcceptRate } from './accept-rate.ts';
import type { FourCcs } from './enhanced-capabilities.ts';
import { Listener } from './listener.ts';
import { Publisher } from './publisher.ts';
import type { MediaRefusal } from './publisher-handlers.ts';
import { RefusalLog } from './refusal-log.ts';
import type { CertificatePaths } from './server-certificate.ts';
import { isStreamKey } from './stream-key.ts';
import { Succession } from './succession.ts';
import type { SocketVisitor } from './visitor.ts';
import { WaitingRoom } from './waiting-room.ts';

/** The one application name: rtmp://HOST:PORT/live/KEY. */
const APP = 'live';
/** What is on its way when the recording is stopped may still come in for so many looks, so many ms apart. */
const DRAIN_LOOKS = 50;
const DRAIN_LOOK_MS = 20;
/** Looks in a row at which nothing had come, after which nothing is on its way. */
const DRAIN_QUIET_LOOKS = 6;
/** Connections that have proved the key and publish nothing; of more, the oldest is closed. */
const MAX_RESTING = 8;

export interface IngestOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** With it, RTMPS is spoken in place of RTMP. */
  readonly tls?: CertificatePaths | undefined;
  /** Each connection begins with a header of the PROXY protocol, version 2, which says where it comes from. */
  readonly proxyProtocol?: boolean;
  /** Hex. */
  readonly streamKeySha256: string;
  /** Of the codecs that can be recorded: what clients of enhanced RTMP are told. */
  readonly fourCcs: FourCcs;
  readonly log: Logger;
  readonly events: IngestEvents;
}

/**
 * Why a connection was closed that had not published: `rate`, too many came in a second; `full`, all places were taken by
 * connections that have shaken hands; `crowded`, it had not, and made place for another; `late`, it did not shake hands
 * or publish in time; `refused`, it broke the protocol, or did not know the key.
 */
export type ExpulsionReason = 'rate' | 'full' | 'crowded' | 'late' | 'refused';

export interface IngestEvents {
  readonly onPublisher: (publisher: { readonly address: string }) => void;
  /** Returns what the publisher is told where the message is of a track that is not recorded. */
  readonly onMedia: (track: Track, timestamp: number, payload: Buffer) => MediaRefusal | undefined;
  /** No more media will come for a moment. */
  readonly onRest: () => void;
  readonly onPublisherGone: () => void;
  readonly onExpelled: (reason: ExpulsionReason) => void;
}

/** The RTMP server: takes one publisher at a time, who has to know the stream key. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #listener: Listener;
  readonly #waiting: WaitingRoom;
  readonly #rate = new AcceptRate(() => performance.now());
  readonly #refusals: RefusalLog;
  readonly #succession = new Succession({ now: () => performance.now() });
  /** Have proved the key, and publish nothing: oldest first. */
  readonly #resting = new Set<Publisher>();
  #live: Publisher | undefined;
  #lastMediaAt = 0;
  /** The last of those who want to publish, and wait for their turn. */
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: IngestOptions) {
    const { events, log } = options;
    this.#options = options;
    this.#refusals = new RefusalLog(log);
    this.#waiting = new WaitingRoom(
      () => events.onExpelled('crowded'),
      () => performance.now(),
    );
    this.#listener = new Listener({
      port: options.port,
      tls: options.tls,
      proxyProtocol: options.proxyProtocol ?? false,
      log,
      onVisitor: (visitor) => this.#admit(visitor),
      onVisitorGone: (visitor) => this.#waiting.leave(visitor),
      onConnection: (socket, visitor) => this.#connected(socket, visitor),
      onFalseStart: (address, why, kind) => {
        this.#refusals.note(address, why);
        events.onExpelled(kind);
      },
    });
  }

  /** Returns the port once it listens. Throws when it can't, CertificateError for want of a certificate. */
  async listen(): Promise<number> {
    return await this.#listener.listen();
  }

  /** Takes in what is on its way from the live publisher, for about a second at most, and closes everything. */
  async drainAndClose(): Promise<void> {
    this.#listener.close();
    // Counted in looks, not in ms: on a busy machine time passes without anything having been read.
    for (let looks = 0, quiet = 0; looks < DRAIN_LOOKS && quiet < DRAIN_QUIET_LOOKS; looks += 1) {
      if (this.#live === undefined) await this.#hearResting();
      if (this.#live === undefined) break;
      const seen = this.#lastMediaAt;
      this.#live.hurry();
      await sleep(DRAIN_LOOK_MS);
      quiet = seen === this.#lastMediaAt ? quiet + 1 : 0;
    }
    this.#closed = true;
    this.#live?.close();
    for (const publisher of this.#resting) publisher.close();
    this.#waiting.close();
  }

  /** One that publishes nothing may have asked to, and sent media behind that, in what its socket holds. */
  async #hearResting(): Promise<void> {
    await Promise.all([...this.#resting].map((publisher) => publisher.drain()));
    await this.#turn;
  }

  #admit(visitor: SocketVisitor): boolean {
    const { address } = visitor;
    // The network first: what is too much of one must not count for all.
    const slow = address === undefined || this.#rate.allowsFrom(address.network);
    // One that a proxy has named by now was counted when it came.
    const counted = this.#options.proxyProtocol === true && address !== undefined;
    const inTime = slow && (counted || this.#rate.allows());
    if (inTime && this.#waiting.enter(visitor)) return true;
    this.#options.events.onExpelled(inTime ? 'full' : 'rate');
    visitor.close();
    return false;
  }

  #connected(socket: Socket, visitor: SocketVisitor): void {
    const { events, fourCcs, log } = this.#options;
    const handlers = {
      onPublish: (publisher: Publisher, app: string, streamKey: string) =>
        this.#askedToPublish(publisher, app, streamKey),
      onMedia: (publisher: Publisher, track: Track, timestamp: number, payload: Buffer) => {
        if (publisher !== this.#live) return undefined;
        this.#lastMediaAt = performance.now();
        return events.onMedia(track, timestamp, payload);
      },
      onRest: () => events.onRest(),
      onUnpublish: (publisher: Publisher) => {
        this.#retire(publisher);
        this.#letRest(publisher);
      },
      onRefused: ({ address }: Publisher, why: string, kind: 'late' | 'refused') => {
        this.#refusals.note(address, why);
        events.onExpelled(kind);
      },
      onGone: (publisher: Publisher) => void this.#resting.delete(publisher),
    };
    void new Publisher({ socket, visitor, fourCcs, handlers, log });
  }

  #askedToPublish(publisher: Publisher, app: string, streamKey: string): boolean {
    if (app !== APP || !isStreamKey(streamKey, this.#options.streamKeySha256)) return false;
    this.#waiting.leave(publisher.visitor);
    this.#letRest(publisher);
    this.#turn = this.#turn.then(() => this.#takeTurn(publisher));
    return true;
  }

  async #takeTurn(publisher: Publisher): Promise<void> {
    const incumbent = this.#live;
    if (incumbent !== undefined && !this.#closed) {
      const mayTakeOver = await this.#succession.mayTakeOver({
        lastMediaAt: () => this.#lastMediaAt,
        gone: () => this.#live !== incumbent,
        drain: () => incumbent.drain(),
        hurry: () => incumbent.hurry(),
      });
      if (!mayTakeOver) return publisher.reject('Another publisher with this stream key is live.');
    }
    if (publisher.gone) return;
    if (this.#closed) return publisher.reject('The recording has ended.');
    this.#resting.delete(publisher);
    if (this.#retire(incumbent)) incumbent?.displace();
    this.#live = publisher;
    this.#lastMediaAt = performance.now();
    this.#options.events.onPublisher(publisher);
    publisher.start();
  }

  /** Returns false where it was not live. */
  #retire(publisher: Publisher | undefined): boolean {
    if (publisher === undefined || publisher !== this.#live) return false;
    this.#live = undefined;
    this.#options.events.onPublisherGone();
    return true;
  }

  #letRest(publisher: Publisher): void {
    if (publisher.gone) return;
    this.#resting.add(publisher);
    const [oldest] = this.#resting;
    if (this.#resting.size > MAX_RESTING) oldest?.close();
  }
}
