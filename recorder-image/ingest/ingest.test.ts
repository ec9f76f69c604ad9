import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificate.ts';
import type { TestCertificate } from '../../test/support/certificate.ts';
import { startPublishingClient, startRtmpClient } from '../../test/support/media/rtmp-client.ts';
import type { RtmpClient } from '../../test/support/media/rtmp-client.ts';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import type { TempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { Ingest } from './ingest.ts';
import type { IngestOptions } from './ingest.ts';
import type { MediaRefusal } from './publisher-handlers.ts';
import { CertificateError } from './server-certificate.ts';
import { command, connect, HANDSHAKE, message, publish } from './testing/messages.ts';
import { proxyHeader } from './testing/proxy-header.ts';

const KEY = 'the-key';
const HOST = 'rec-1.ingest.test';
const AUDIO = 8;
const VIDEO = 9;

interface Heard extends AsyncDisposable {
  readonly port: number;
  readonly ingest: Ingest;
  readonly media: number[];
  /** Addresses of publishers, and `gone`, in order. */
  readonly publishers: string[];
  readonly expelled: string[];
  readonly log: string[];
}

interface HearOptions extends Partial<Pick<IngestOptions, 'tls' | 'proxyProtocol'>> {
  /** By the first byte of the payload. */
  readonly refuse?: (payload: Buffer) => MediaRefusal | undefined;
}

async function listen({ refuse = () => undefined, ...options }: HearOptions = {}): Promise<Heard> {
  const [media, publishers, expelled, log]: [number[], string[], string[], string[]] = [[], [], [], []];
  const ingest = new Ingest({
    port: 0,
    ...options,
    streamKeySha256: createHash('sha256').update(KEY).digest('hex'),
    fourCcs: { video: [], audio: [] },
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    events: {
      onPublisher: ({ address }) => publishers.push(address),
      onMedia: (_track, timestamp, payload) => {
        media.push(timestamp);
        return refuse(payload);
      },
      onRest: () => undefined,
      onPublisherGone: () => publishers.push('gone'),
      onExpelled: (reason) => expelled.push(reason),
    },
  });
  const port = await ingest.listen();
  const close = { [Symbol.asyncDispose]: () => ingest.drainAndClose() };
  return { port, ingest, media, publishers, expelled, log, ...close };
}

const sound = (time: number, first = 0xaf): Buffer => message(AUDIO, time, Buffer.alloc(64, first), 4);
const sounds = (from: number, count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => sound(from + index));
const times = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);
const publisher = (heard: Heard, localAddress = '127.0.0.1'): Promise<RtmpClient> =>
  startPublishingClient({ port: heard.port, key: KEY, localAddress });
const taken = (heard: Heard, count: number): Promise<true> =>
  waitFor(() => heard.media.length >= count, { what: `${count} messages to be taken`, intervalMs: 5 });

/** Publishes, and sends so many messages a few ms apart: each comes as a piece, or a TLS record, of its own. */
async function publishSlowly(socket: Socket, messages: number): Promise<void> {
  socket.setNoDelay(true);
  socket.resume();
  for (const bytes of [HANDSHAKE, connect(), publish(KEY)]) {
    socket.write(bytes);
    await sleep(20);
  }
  for (const bytes of sounds(0, messages)) {
    socket.write(bytes);
    await sleep(3);
  }
}

let folder: TempDirectory;
let certificate: TestCertificate;
beforeAll(async () => {
  folder = await tempDirectory('ingest');
  certificate = await makeCertificate(folder.path, [HOST]);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

describe('the ingest', () => {
  it('keeps up with a publisher whose every message comes alone', async () => {
    await using heard = await listen();
    const socket = connectTcp(heard.port, '127.0.0.1');
    await publishSlowly(socket, 300);
    // With one piece for each rest, that would take half a minute.
    await waitFor(() => heard.media.length === 300, { what: 'all media to be taken', timeoutMs: 15_000 });
    socket.destroy();
  });

  it('takes a publisher over RTMPS, and keeps up with its records', async () => {
    await using heard = await listen({ tls: certificate });
    const socket = connectTls({ port: heard.port, host: '127.0.0.1', servername: HOST, ca: certificate.ca });
    await once(socket, 'secureConnect');
    await publishSlowly(socket, 300);
    await waitFor(() => heard.media.length === 300, { what: 'all media to be taken', timeoutMs: 15_000 });
    expect(heard.publishers).toHaveLength(1);
    socket.destroy();
  });

  it('speaks no RTMP where it speaks RTMPS', async () => {
    await using heard = await listen({ tls: certificate });
    await using client = await startRtmpClient({ port: heard.port });
    await client.send([HANDSHAKE, connect(), publish(KEY)]);
    await client.closed;
    expect(heard.publishers).toEqual([]);
    expect(heard.expelled).toEqual(['refused']);
  });

  it.each(['RTMP', 'RTMPS'])(
    'closes a connection that says nothing: %s',
    async (what) => {
      await using heard = await listen(what === 'RTMPS' ? { tls: certificate } : {});
      await using client = await startRtmpClient({ port: heard.port });
      await client.closed;
      expect(heard.expelled).toEqual(['late']);
    },
    30_000,
  );

  it('lets no crowd in that never finishes its TLS handshake: the oldest has to go', async () => {
    await using heard = await listen({ tls: certificate });
    const crowd = Array.from({ length: 97 }, () => connectTcp(heard.port, '127.0.0.1'));
    for (const socket of crowd) socket.on('error', () => undefined).resume();
    await waitFor(() => heard.expelled.length > 0, { what: 'one to be expelled', intervalMs: 5 });
    expect(heard.expelled[0]).toBe('crowded');
    const tls = { serverName: HOST, ca: certificate.ca };
    await using client = await startPublishingClient({ port: heard.port, key: KEY, tls });
    await client.send([sound(1)]);
    await taken(heard, 1);
    for (const socket of crowd) socket.destroy();
  });

  it('does not listen without its certificate', async () => {
    const missing = { ...certificate, certPath: `${folder.path}/none.crt` };
    await expect(listen({ tls: missing })).rejects.toThrow(CertificateError);
    await expect(listen({ tls: missing })).rejects.toThrow('none.crt');
  });

  it('tells of a crowd that it refuses in a few lines', async () => {
    await using heard = await listen();
    const crowd = Array.from({ length: 60 }, () => connectTcp(heard.port, '127.0.0.1'));
    for (const socket of crowd)
      socket
        .on('error', () => undefined)
        .resume()
        .write('GET / HTTP/1.1\r\n\r\n');
    await Promise.all(crowd.map((socket) => once(socket, 'close')));
    expect(heard.expelled).toEqual(Array.from({ length: 60 }, () => 'refused'));
    const lines = heard.log.filter((line) => line.includes('connection refused'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(30);
  });
});

describe('a publisher that sends a lot at once', () => {
  /** It asks for an acknowledgement after every 16 KiB. */
  const window = message(5, 0, Buffer.from([0, 0, 0x40, 0]), 2);
  const ACKNOWLEDGEMENT = '\x02\0\0\0\0\0\x04\x03\0\0\0\0';
  /** Several times what one read brings. */
  const burst = Buffer.concat(sounds(0, 4000));

  it.each(['RTMP', 'RTMPS'])('is acknowledged though nothing follows: %s', async (what) => {
    await using heard = await listen(what === 'RTMPS' ? { tls: certificate } : {});
    const tls = what === 'RTMPS' ? { tls: { serverName: HOST, ca: certificate.ca } } : {};
    await using client = await startPublishingClient({ port: heard.port, key: KEY, ...tls });
    await client.send([window]);
    for (const round of [1, 2, 3]) {
      await client.send([burst]);
      await taken(heard, round * 4000);
      await client.hears(ACKNOWLEDGEMENT, round);
    }
  });

  it('is told what is refused though nothing follows', async () => {
    const told = (codec?: number): string => `Codec ${codec} is not recorded`;
    const refuse = ([first]: Buffer): MediaRefusal | undefined =>
      first === 0xaf ? undefined : { refused: told(first), fatal: false };
    await using heard = await listen({ refuse });
    await using client = await publisher(heard);
    for (const codec of [1, 2, 3, 4]) {
      await client.send([Buffer.concat([sound(0, codec), burst])]);
      await client.hears(told(codec));
    }
  });

  it('loses nothing when it asks for acknowledgements, and closes without waiting for them', async () => {
    await using heard = await listen();
    await using client = await publisher(heard);
    await client.send([window, ...Array.from({ length: 20 }, () => burst)]);
    client.socket.destroy();
    await waitFor(() => heard.publishers.includes('gone'), { what: 'its end to be seen' });
    expect(heard.media).toHaveLength(20 * 4000);
  });
});

describe('a second publisher with the right key', () => {
  it('is live at once, and what the first has sent until then is taken before', async () => {
    await using heard = await listen();
    await using first = await publisher(heard);
    await first.send(sounds(0, 3));
    await taken(heard, 3);
    // More than one read brings, and the first rests: most of this is unread when the second comes.
    await first.send(sounds(100, 4000));
    await using second = await publisher(heard, '127.0.0.2');
    await second.send(sounds(10_000, 3));
    await taken(heard, 4006);
    expect(heard.media).toEqual([...times(0, 3), ...times(100, 4000), ...times(10_000, 3)]);
    expect(heard.publishers.map((address) => address.replace(/:.*/, ''))).toEqual([
      '127.0.0.1',
      'gone',
      '127.0.0.2',
    ]);
    await first.closed;
    expect(first.heard()).toMatch(/error.*NetStream\.Publish\.BadName.*taken over/s);
  });

  it('is live with what it has sent before it was answered', async () => {
    await using heard = await listen();
    await using first = await publisher(heard);
    await first.send(sounds(0, 2));
    await taken(heard, 2);
    await using second = await startRtmpClient({ port: heard.port });
    await second.send([HANDSHAKE, Buffer.concat([connect(), publish(KEY), ...sounds(10, 5)])]);
    await second.send(sounds(15, 5));
    await taken(heard, 12);
    expect(heard.media).toEqual([...times(0, 2), ...times(10, 10)]);
  });

  it('is refused when it comes back to one that has displaced it, and is live', async () => {
    await using heard = await listen();
    await using first = await publisher(heard);
    await using second = await publisher(heard);
    await first.closed;
    let time = 0;
    const sending = setInterval(() => void second.socket.write(sound((time += 20))), 20);
    await expect(publisher(heard)).rejects.toThrow('Another publisher');
    clearInterval(sending);
    expect(second.socket.destroyed).toBe(false);
    // And when that one falls silent it is not.
    await using again = await publisher(heard);
    await again.send([sound(100_000)]);
    await waitFor(() => heard.media.at(-1) === 100_000, { what: 'its media' });
  });

  it('changes nothing when it is gone before its turn has come', async () => {
    await using heard = await listen();
    await using first = await publisher(heard);
    await using second = await startRtmpClient({ port: heard.port });
    await second.send([HANDSHAKE, connect(), publish('wrong')]);
    await second.closed;
    expect(second.heard()).toContain('NetStream.Publish.BadName');
    await first.send(sounds(0, 3));
    await taken(heard, 3);
    expect(heard.publishers).toHaveLength(1);
  });
});

describe('a publisher that ends and stays connected', () => {
  it('is gone at once, and may publish again', async () => {
    await using heard = await listen();
    await using client = await publisher(heard);
    for (const round of [1, 2, 3]) {
      await client.send([...sounds(round * 10, 5), command('deleteStream', 6, null, 1)]);
      await client.hears('NetStream.Unpublish.Success', round);
      expect(heard.publishers.filter((what) => what === 'gone')).toHaveLength(round);
      await client.send([command('createStream', 7, null), publish(KEY)]);
      await client.hears('NetStream.Publish.Start', round + 1);
    }
    expect(heard.media).toEqual([...times(10, 5), ...times(20, 5), ...times(30, 5)]);
  });

  it('does not hold up the end of the ingest', async () => {
    const heard = await listen();
    await using client = await publisher(heard);
    await client.send([command('FCUnpublish', 6, null, KEY)]);
    await client.hears('NetStream.Unpublish.Success');
    expect(heard.publishers.at(-1)).toBe('gone');
    await heard.ingest.drainAndClose();
    await client.closed;
  });

  it('is still heard at the end of the ingest, with what it has sent until then', async () => {
    const heard = await listen();
    await using client = await publisher(heard);
    const end = command('deleteStream', 6, null, 1);
    await client.send([sound(0), end]);
    await client.hears('NetStream.Unpublish.Success');
    client.socket.write(
      Buffer.concat([publish(KEY), ...sounds(1, 500), end, publish(KEY), ...sounds(501, 500), end]),
    );
    await heard.ingest.drainAndClose();
    expect(heard.media).toEqual(times(0, 1001));
  });

  it('has to know the key again', async () => {
    await using heard = await listen();
    await using client = await publisher(heard);
    await client.send([command('closeStream', 0, null), publish('wrong')]);
    await client.closed;
    expect(client.heard()).toContain('NetStream.Publish.BadName');
  });

  it('may do so on eight connections: of more, the oldest is closed', async () => {
    await using heard = await listen();
    const clients: RtmpClient[] = [];
    for (let count = 0; count < 9; count += 1) {
      const client = await publisher(heard);
      await client.send([command('closeStream', 0, null)]);
      await client.hears('NetStream.Unpublish.Success');
      clients.push(client);
    }
    const [oldest, ...others] = clients;
    await oldest?.closed;
    expect(others.every(({ socket }) => !socket.destroyed)).toBe(true);
    for (const { socket } of clients) socket.destroy();
  });
});

describe('a track that is refused', () => {
  const speex: MediaRefusal = { refused: 'Speex is not recorded', fatal: false };
  const screen: MediaRefusal = { refused: 'Screen video is not recorded', fatal: true };

  it('is told to its publisher and logged once, and the other track goes on', async () => {
    const refuse = (payload: Buffer): MediaRefusal | undefined => (payload[0] === 0xb2 ? speex : undefined);
    await using heard = await listen({ refuse });
    await using client = await publisher(heard);
    await client.send([sound(1, 0xb2), sound(2, 0xb2), sound(3), sound(4, 0xb2)]);
    await client.hears(speex.refused);
    await client.send([message(VIDEO, 5, Buffer.alloc(10, 0x17), 6)]);
    await taken(heard, 5);
    expect(client.heard()).toMatch(/warning.*NetStream\.Publish\.Rejected.*Speex is not recorded/s);
    expect(client.heard().split(speex.refused)).toHaveLength(2);
    expect(heard.log.filter((line) => line.includes(speex.refused))).toHaveLength(1);
    await using other = await publisher(heard);
    await other.send([sound(1, 0xb2)]);
    await other.hears(speex.refused);
    expect(heard.log.filter((line) => line.includes(speex.refused))).toHaveLength(2);
  });

  it('ends the connection where there is nothing else', async () => {
    await using heard = await listen({ refuse: () => screen });
    await using client = await publisher(heard);
    await client.send(sounds(1, 3));
    await client.closed;
    expect(client.heard()).toMatch(/error.*NetStream\.Publish\.Rejected.*Screen video is not recorded/s);
    expect(
      heard.log.filter((line) => line.includes(screen.refused) && line.includes('refused"')),
    ).toHaveLength(1);
    expect(heard.publishers.at(-1)).toBe('gone');
  });
});

describe('a proxy before the ingest', () => {
  const header = proxyHeader('203.0.113.9', 5555);

  it.each(['RTMP', 'RTMPS'])('says where a publisher comes from: %s', async (what) => {
    const secure = what === 'RTMPS';
    await using heard = await listen({ proxyProtocol: true, ...(secure && { tls: certificate }) });
    const tls = secure ? { tls: { serverName: HOST, ca: certificate.ca } } : {};
    await using client = await startPublishingClient({ port: heard.port, key: KEY, header, ...tls });
    await client.send(sounds(0, 300));
    await taken(heard, 300);
    expect(heard.media).toEqual(times(0, 300));
    expect(heard.publishers).toEqual(['203.0.113.9:5555']);
  });

  it('may send its header byte by byte, and what follows with it', async () => {
    await using heard = await listen({ proxyProtocol: true });
    await using client = await startRtmpClient({ port: heard.port });
    for (const byte of header.subarray(0, -1)) {
      await client.send([Buffer.from([byte])]);
      await sleep(1);
    }
    await client.send([Buffer.concat([header.subarray(-1), HANDSHAKE, connect(), publish(KEY), sound(1)])]);
    await taken(heard, 1);
    expect(heard.publishers).toEqual(['203.0.113.9:5555']);
  });

  it('may speak for itself', async () => {
    await using heard = await listen({ proxyProtocol: true });
    const own = proxyHeader('203.0.113.9', 5555, { versionAndCommand: 0x20 });
    await using client = await startPublishingClient({ port: heard.port, key: KEY, header: own });
    await client.send([sound(1)]);
    await taken(heard, 1);
    expect(heard.publishers[0]).toMatch(/^127\.0\.0\.1:/);
  });

  it.each([
    { what: 'no header', bytes: HANDSHAKE, why: 'no header of the PROXY protocol' },
    { what: 'version 1', bytes: Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'), why: 'version 1' },
  ])('is a must: a connection with $what is closed, and the log says why', async ({ bytes, why }) => {
    await using heard = await listen({ proxyProtocol: true });
    await using client = await startRtmpClient({ port: heard.port });
    await client.send([Buffer.concat([bytes, connect(), publish(KEY)])]);
    await client.closed;
    expect(heard.publishers).toEqual([]);
    expect(heard.expelled).toEqual(['refused']);
    expect(heard.log.join('')).toContain(why);
  });

  it('does not make one crowd of all that come through it', async () => {
    await using heard = await listen({ proxyProtocol: true });
    const crowd = Array.from({ length: 120 }, (_, index) => {
      const socket = connectTcp(heard.port, '127.0.0.1')
        .on('error', () => undefined)
        .resume();
      socket.write(Buffer.concat([proxyHeader(`203.0.113.${index}`, 1), HANDSHAKE]));
      return socket;
    });
    await Promise.all(crowd.map((socket) => once(socket, 'data')));
    const same = Array.from({ length: 120 }, () => {
      const socket = connectTcp(heard.port, '127.0.0.1')
        .on('error', () => undefined)
        .resume();
      socket.write(proxyHeader('198.51.100.1', 1));
      return socket;
    });
    await waitFor(() => heard.expelled.length === 24, {
      what: 'the crowd of one address to push out itself',
    });
    expect(crowd.every((socket) => !socket.destroyed)).toBe(true);
    for (const socket of [...crowd, ...same]) socket.destroy();
  });
});
