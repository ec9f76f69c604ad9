import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { readFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { Ingest } from '../../recorder-image/ingest/ingest.ts';
import { proxyHeader } from '../../recorder-image/ingest/testing/proxy-header.ts';
import { makeCertificate } from '../../test/support/certificate.ts';
import { startTcpProxy } from '../../test/support/proxy/tcp-proxy.ts';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { rtmpReach } from './reach.ts';

/** Answers a greeting as a recorder does: with its version and three times 1536 bytes. */
function greet(socket: Socket): void {
  socket.on('error', () => undefined);
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
    if (received === 1537) socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(3 * 1536)]));
  });
}

async function listening(server: Server): Promise<{ port: number } & Disposable> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => void server.close() };
}

/** A recorder's ingest that wants the header of a proxy. */
async function ingestBehindProxy(): Promise<{ port: number; refused: string[] } & AsyncDisposable> {
  const refused: string[] = [];
  const ingest = new Ingest({
    port: 0,
    proxyProtocol: true,
    streamKeySha256: '0'.repeat(64),
    fourCcs: { video: [], audio: [] },
    log: pino({ level: 'silent' }),
    events: {
      onPublisher: () => undefined,
      onMedia: () => undefined,
      onRest: () => undefined,
      onPublisherGone: () => undefined,
      onExpelled: (reason) => refused.push(reason),
    },
  });
  const port = await ingest.listen();
  return { port, refused, [Symbol.asyncDispose]: () => ingest.drainAndClose() };
}

const reach = rtmpReach({ answerMs: 60_000 });

describe('the look whether a recorder can be reached', () => {
  const host = '127.0.0.1';

  it('is content with a greeting', async () => {
    using server = await listening(createServer(greet));
    expect(await reach({ host, port: server.port })).toBeUndefined();
  });

  it('says what is wrong: nobody is there, a door that closes, something else', async () => {
    using closing = await listening(createServer((socket) => socket.end()));
    using web = await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const gone = await listening(createServer());
    gone[Symbol.dispose]();
    expect(await reach({ host, port: gone.port })).toBe('ECONNREFUSED');
    expect(await reach({ host, port: closing.port })).toMatch(/closed without an answer|ECONNRESET/);
    expect(await reach({ host, port: web.port })).toMatch(/does not speak RTMP/);
  });

  it('does not take a load balancer for a recorder that only lets it in', async () => {
    const sockets: Socket[] = [];
    using silent = await listening(createServer((socket) => sockets.push(socket)));
    expect(await rtmpReach({ answerMs: 100 })({ host, port: silent.port })).toBe('no answer within 0.1 s');
    for (const socket of sockets) socket.destroy();
  });

  it('comes to a recorder behind a proxy, and to none without the header of that proxy', async () => {
    await using ingest = await ingestBehindProxy();
    await using proxy = await startTcpProxy(ingest.port, { header: proxyHeader('203.0.113.9', 5555) });
    expect(await reach({ host, port: proxy.port })).toBeUndefined();
    expect(ingest.refused).toEqual([]);
    expect(await reach({ host, port: ingest.port })).toMatch(/closed without an answer|ECONNRESET/);
    expect(ingest.refused).toEqual(['refused']);
  });

  it('sends a header of its own where its way may lead past the proxy, and goes through the proxy as well', async () => {
    await using ingest = await ingestBehindProxy();
    await using proxy = await startTcpProxy(ingest.port, { header: proxyHeader('203.0.113.9', 5555) });
    expect(await reach({ host, port: ingest.port, mayBypassProxy: true })).toBeUndefined();
    expect(ingest.refused).toEqual([]);
    expect(await reach({ host, port: proxy.port, mayBypassProxy: true })).toBeUndefined();
    const gone = await listening(createServer());
    gone[Symbol.dispose]();
    expect(await reach({ host, port: gone.port, mayBypassProxy: true })).toBe('ECONNREFUSED');
  });

  it('asks for the name by SNI, and takes no certificate but for it', async () => {
    await using folder = await tempDirectory('reach');
    const { certPath, keyPath } = await makeCertificate(folder.path, ['*.ingest.test']);
    const asked: unknown[] = [];
    const tlsServer = createTlsServer({ cert: await readFile(certPath), key: await readFile(keyPath) });
    tlsServer.on('secureConnection', (socket) => {
      asked.push(socket.servername);
      greet(socket);
    });
    tlsServer.on('tlsClientError', () => undefined);
    using server = await listening(tlsServer);
    const target = { host, port: server.port, caPath: certPath };
    expect(await reach({ ...target, serverName: 'rec-1.ingest.test' })).toBeUndefined();
    expect(asked).toEqual(['rec-1.ingest.test']);
    expect(await reach({ ...target, serverName: 'rec-1.other.test' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const unknown = { ...target, serverName: 'rec-1.ingest.test', caPath: `${folder.path}/none.pem` };
    expect(await reach(unknown)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});
