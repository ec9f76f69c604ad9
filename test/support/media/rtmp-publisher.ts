import { once } from 'node:events';
import { connect as dial } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  amf,
  connect,
  HANDSHAKE,
  INVOKE,
  message,
  publish,
} from '../../../recorder-image/ingest/testing/messages.ts';
import { TAG_TYPES } from '../../../recorder-image/journal/flv.ts';
import type { Tag } from '../../../recorder-image/journal/flv.ts';

/** The socket is not fed further than this ahead of the network, in bytes. */
const AHEAD_BYTES = 1024 * 1024;
const ACCEPTED = 'NetStream.Publish.Start';
const ANSWER_MS = 30_000;

export interface RtmpPublisherOptions {
  /** rtmp://HOST:PORT/live/KEY */
  readonly url: string;
  /** The address that it comes from, for example 127.0.0.2. */
  readonly localAddress?: string;
}

/** A publisher of our own, which sends exactly the tags that it is told to: what no encoder does on demand. */
export interface RtmpPublisher extends AsyncDisposable {
  /** Timestamps are sent as they are, modulo 2^32 ms. Returns when the network has taken them. */
  readonly send: (tags: Iterable<Tag>) => Promise<void>;
  /** Says that it ends, closes, and returns when the server has closed too. */
  readonly end: () => Promise<void>;
}

/** Connects and publishes. Throws when the server does not let it. */
export async function startRtmpPublisher({
  url,
  localAddress,
}: RtmpPublisherOptions): Promise<RtmpPublisher> {
  const { hostname, port, pathname } = new URL(url);
  const key = pathname.split('/').at(-1) ?? '';
  const source = localAddress === undefined ? {} : { localAddress };
  const socket = dial({ host: hostname, port: Number(port), noDelay: true, ...source });
  // A reset is seen as the end.
  socket.on('error', () => socket.destroy());
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const accepted = answered(socket, closed);
  socket.write(Buffer.concat([HANDSHAKE, connect(url.slice(0, url.lastIndexOf('/'))), publish(key)]));
  await accepted;
  return {
    send: async (tags) => {
      for (const { track, timestampMs, payload } of tags) {
        const chunkStream = track === 'audio' ? 4 : 6;
        socket.write(message(TAG_TYPES[track], timestampMs % 2 ** 32, payload, chunkStream));
        if (socket.writableLength > AHEAD_BYTES) await Promise.race([once(socket, 'drain'), closed]);
        if (socket.destroyed) throw new Error('the server has closed the connection');
      }
      while (socket.writableLength > 0 && !socket.destroyed) await sleep(5);
    },
    end: async () => {
      socket.end(message(INVOKE, 0, Buffer.concat([amf('deleteStream'), amf(6), amf(null), amf(1)])));
      await closed;
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await closed;
    },
  };
}

/** Pushes the tags as fast as they go, and ends. */
export async function pushTags(tags: Iterable<Tag>, options: RtmpPublisherOptions): Promise<void> {
  await using publisher = await startRtmpPublisher(options);
  await publisher.send(tags);
  await publisher.end();
}

async function answered(socket: Socket, closed: Promise<void>): Promise<void> {
  let answer = '';
  const yes = new Promise<true>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      if (answer.includes(ACCEPTED)) return;
      answer += bytes.toString('latin1');
      if (answer.includes(ACCEPTED)) resolve(true);
    });
  });
  const late = new AbortController();
  const no = Promise.race([
    closed,
    sleep(ANSWER_MS, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  const accepted = await Promise.race([yes, no]);
  late.abort();
  if (accepted !== true) {
    socket.destroy();
    throw new Error(`the server does not let it publish: ${answer.slice(-200)}`);
  }
}
