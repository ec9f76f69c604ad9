import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Track } from '../journal/flv.ts';
import { Listener } from './listener.ts';
import { Publisher } from './publisher.ts';
import type { CertificatePaths } from './server-certificate.ts';
import { isStreamKey } from './stream-key.ts';
import { WaitingRoom } from './waiting-room.ts';

/** The one application name: rtmp://HOST:PORT/live/KEY. */
const APP = 'live';
/** What is on its way when the recording is stopped may still come in for so many looks, so many ms apart. */
const DRAIN_LOOKS = 50;
const DRAIN_LOOK_MS = 20;
/** Looks in a row at which nothing had come, after which nothing is on its way. */
const DRAIN_QUIET_LOOKS = 6;

export interface IngestOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** With it, RTMPS is spoken in place of RTMP. */
  readonly tls?: CertificatePaths | undefined;
  /** Hex. */
  readonly streamKeySha256: string;
  /** A publisher that sends no media for this long, in ms, has to give way to another. */
  readonly stallMs: number;
  readonly log: Logger;
  readonly events: IngestEvents;
}

export interface IngestEvents {
  readonly onPublisher: (publisher: { readonly address: string }) => void;
  readonly onMedia: (track: Track, timestamp: number, payload: Buffer) => void;
  /** No more media will come for a moment. */
  readonly onRest: () => void;
  readonly onPublisherGone: () => void;
}

/** The RTMP server: takes one publisher at a time, who has to know the stream key. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #listener: Listener;
  readonly #waiting = new WaitingRoom();
  #live: Publisher | undefined;
  #lastMediaAt = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#listener = new Listener({
      port: options.port,
      tls: options.tls,
      log: options.log,
      onConnection: (socket) => this.#connected(socket),
      onStranger: (visitor) => this.#waiting.enter(visitor),
      onStrangerGone: (visitor) => this.#waiting.leave(visitor),
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
      if (this.#live === undefined) break;
      const seen = this.#lastMediaAt;
      this.#live.hurry();
      await sleep(DRAIN_LOOK_MS);
      quiet = seen === this.#lastMediaAt ? quiet + 1 : 0;
    }
    this.#live?.close();
    this.#waiting.close();
  }

  #connected(socket: Socket): void {
    this.#live?.hurry();
    const handlers = {
      onPublish: (publisher: Publisher, app: string, streamKey: string) =>
        this.#mayPublish(publisher, app, streamKey),
      onMedia: (publisher: Publisher, track: Track, timestamp: number, payload: Buffer) => {
        if (publisher !== this.#live) return;
        this.#lastMediaAt = performance.now();
        this.#options.events.onMedia(track, timestamp, payload);
      },
      onRest: () => this.#options.events.onRest(),
      onGone: (publisher: Publisher) => {
        if (publisher !== this.#live) return;
        this.#live = undefined;
        this.#options.events.onPublisherGone();
      },
    };
    const publisher = new Publisher({ socket, handlers, log: this.#options.log });
    this.#waiting.enter(publisher);
    socket.once('close', () => this.#waiting.leave(publisher));
  }

  #mayPublish(publisher: Publisher, app: string, streamKey: string): boolean {
    const { streamKeySha256, stallMs, events } = this.#options;
    if (app !== APP || !isStreamKey(streamKey, streamKeySha256)) return false;
    const former = this.#live;
    if (former !== undefined) {
      if (performance.now() - this.#lastMediaAt < stallMs) return false;
      this.#live = undefined;
      events.onPublisherGone();
      former.close();
    }
    this.#live = publisher;
    this.#waiting.leave(publisher);
    this.#lastMediaAt = performance.now();
    events.onPublisher(publisher);
    return true;
  }
}
