import { command, message } from '../../../recorder-image/ingest/testing/messages.ts';
import { TAG_TYPES } from '../../../recorder-image/journal/flv.ts';
import type { Tag } from '../../../recorder-image/journal/flv.ts';
import { startPublishingClient } from './rtmp-client.ts';

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
  /** Says that it ends, and closes. */
  readonly end: () => Promise<void>;
}

/** Connects and publishes. Throws when the server does not let it. */
export async function startRtmpPublisher({ url, ...options }: RtmpPublisherOptions): Promise<RtmpPublisher> {
  const { hostname: host, port, pathname } = new URL(url);
  const key = pathname.split('/').at(-1) ?? '';
  const client = await startPublishingClient({ host, port: Number(port), key, ...options });
  return {
    send: (tags) => client.send(Iterator.from(tags).map(tagMessage)),
    end: async () => {
      client.socket.end(command('deleteStream', 6, null, 1));
      await client.closed;
    },
    [Symbol.asyncDispose]: client[Symbol.asyncDispose],
  };
}

/** A tag as its message, each track on a chunk stream of its own. */
export function tagMessage({ track, timestampMs, payload }: Tag): Buffer {
  return message(TAG_TYPES[track], timestampMs % 2 ** 32, payload, track === 'audio' ? 4 : 6);
}

/** Pushes the tags as fast as they go, and ends. */
export async function pushTags(tags: Iterable<Tag>, options: RtmpPublisherOptions): Promise<void> {
  await using publisher = await startRtmpPublisher(options);
  await publisher.send(tags);
  await publisher.end();
}
