import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Track } from '../journal/flv.ts';
import { Publisher } from './publisher.ts';
import { isStreamKey } from './stream-key.ts';

/** The one application name: rtmp://HOST:PORT/live/KEY. */
const APP = 'live';
/** Connections at a time, the live one included. Past this, the one that has been idle longest has to go. */
const MAX_CONNECTIONS = 65;
/** How long what is on its way may still take to come in when the recording is stopped, in ms. */
const DRAIN_MS = 500;
const DRAIN_QUIET_MS = 100;

export interface IngestOptions {
  /** 0 takes a free one. */
  readonly port: number;
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
  readonly onPublisherGone: () => void;
}

/** The RTMP server: takes one publisher at a time, who has to know the stream key. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #server: Server;
  /** Oldest first. */
  readonly #connections = new Map<Socket, Publisher>();
  #live: Publisher | undefined;
  #lastMediaAt = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#connected(socket));
    // One that can't be accepted, for want of a file descriptor, is no reason to end.
    this.#server.on('error', (error) => options.log.error({ error }, 'RTMP server'));
  }

  /** Returns the port once it listens. Throws when it can't. */
  async listen(): Promise<number> {
    this.#server.listen(this.#options.port);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes in what is on its way from the live publisher, at most for half a second, and closes everything. */
  async drainAndClose(): Promise<void> {
    this.#server.close();
    const deadline = performance.now() + DRAIN_MS;
    let quietSince = performance.now();
    for (let seen = this.#lastMediaAt; this.#live !== undefined && performance.now() < deadline;) {
      await sleep(20);
      if (seen !== this.#lastMediaAt) quietSince = performance.now();
      else if (performance.now() - quietSince >= DRAIN_QUIET_MS) break;
      seen = this.#lastMediaAt;
    }
    for (const publisher of this.#connections.values()) publisher.close();
  }

  #connected(socket: Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS) {
      this.#connections
        .values()
        .find((publisher) => publisher !== this.#live)
        ?.close();
    }
    const handlers = {
      onPublish: (publisher: Publisher, app: string, streamKey: string) =>
        this.#mayPublish(publisher, app, streamKey),
      onMedia: (publisher: Publisher, track: Track, timestamp: number, payload: Buffer) => {
        if (publisher !== this.#live) return;
        this.#lastMediaAt = performance.now();
        this.#options.events.onMedia(track, timestamp, payload);
      },
      onGone: (publisher: Publisher) => {
        if (publisher !== this.#live) return;
        this.#live = undefined;
        this.#options.events.onPublisherGone();
      },
    };
    this.#connections.set(socket, new Publisher({ socket, handlers, log: this.#options.log }));
    socket.once('close', () => this.#connections.delete(socket));
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
    this.#lastMediaAt = performance.now();
    events.onPublisher(publisher);
    return true;
  }
}
