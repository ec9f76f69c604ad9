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
import { tempDirectory } from '../../test/support/temp-directory.ts';
import type { TempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { Ingest } from './ingest.ts';
import { CertificateError } from './server-certificate.ts';
import { HANDSHAKE, connect, message, publish } from './testing/messages.ts';

const KEY = 'the-key';
const HOST = 'rec-1.ingest.test';
const AUDIO = 8;

interface Heard extends AsyncDisposable {
  readonly port: number;
  readonly media: number[];
  publishers: number;
}

async function listen(tls?: TestCertificate): Promise<Heard> {
  const media: number[] = [];
  const heard = { media, publishers: 0 };
  const ingest = new Ingest({
    port: 0,
    tls,
    streamKeySha256: createHash('sha256').update(KEY).digest('hex'),
    stallMs: 10_000,
    log: pino({ level: 'silent' }),
    events: {
      onPublisher: () => (heard.publishers += 1),
      onMedia: (_track, timestamp) => media.push(timestamp),
      onRest: () => undefined,
      onPublisherGone: () => undefined,
    },
  });
  const port = await ingest.listen();
  return Object.assign(heard, { port, [Symbol.asyncDispose]: () => ingest.drainAndClose() });
}

/** Publishes, and sends so many messages a few ms apart: each comes as a piece, or a TLS record, of its own. */
async function publishSlowly(socket: Socket, messages: number): Promise<void> {
  socket.setNoDelay(true);
  socket.resume();
  for (const bytes of [HANDSHAKE, connect(), publish(KEY)]) {
    socket.write(bytes);
    await sleep(20);
  }
  for (let number = 0; number < messages; number += 1) {
    socket.write(message(AUDIO, number * 20, Buffer.alloc(64, 0xaf), 4));
    await sleep(3);
  }
}

describe('the ingest', () => {
  let folder: TempDirectory;
  let certificate: TestCertificate;
  beforeAll(async () => {
    folder = await tempDirectory('ingest');
    certificate = await makeCertificate(folder.path, [HOST]);
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  it('keeps up with a publisher whose every message comes alone', async () => {
    await using heard = await listen();
    const socket = connectTcp(heard.port, '127.0.0.1');
    await publishSlowly(socket, 300);
    // With one piece for each rest, that would take half a minute.
    await waitFor(() => heard.media.length === 300, { what: 'all media to be taken', timeoutMs: 15_000 });
    socket.destroy();
  });

  it('takes a publisher over RTMPS, and keeps up with its records', async () => {
    await using heard = await listen(certificate);
    const socket = connectTls({ port: heard.port, host: '127.0.0.1', servername: HOST, ca: certificate.ca });
    await once(socket, 'secureConnect');
    await publishSlowly(socket, 300);
    await waitFor(() => heard.media.length === 300, { what: 'all media to be taken', timeoutMs: 15_000 });
    expect(heard.publishers).toBe(1);
    socket.destroy();
  });

  it('speaks no RTMP where it speaks RTMPS', async () => {
    await using heard = await listen(certificate);
    const socket = connectTcp(heard.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(Buffer.concat([HANDSHAKE, connect(), publish(KEY)]));
    await once(socket, 'close');
    expect(heard.publishers).toBe(0);
  });

  it('lets no crowd in that never finishes its TLS handshake: the oldest has to go', async () => {
    await using heard = await listen(certificate);
    const crowd = Array.from({ length: 17 }, () => connectTcp(heard.port, '127.0.0.1'));
    const [oldest] = crowd;
    for (const socket of crowd) socket.on('error', () => undefined).resume();
    await waitFor(() => oldest?.closed === true, { what: 'the oldest to be closed', timeoutMs: 4000 });
    const publisher = connectTls({
      port: heard.port,
      host: '127.0.0.1',
      servername: HOST,
      ca: certificate.ca,
    });
    await once(publisher, 'secureConnect');
    await publishSlowly(publisher, 1);
    await waitFor(() => heard.media.length === 1, { what: 'the publisher to be taken' });
    for (const socket of [...crowd, publisher]) socket.destroy();
  });

  it('does not listen without its certificate', async () => {
    const missing = { ...certificate, certPath: `${folder.path}/none.crt` };
    await expect(listen(missing)).rejects.toThrow(CertificateError);
    await expect(listen(missing)).rejects.toThrow('none.crt');
  });
});
