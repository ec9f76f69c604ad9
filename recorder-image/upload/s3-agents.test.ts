import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, get } from 'node:https';
import type { Agent } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificate.ts';
import type { TestCertificate } from '../../test/support/certificate.ts';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import type { TempDirectory } from '../../test/support/temp-directory.ts';
import { s3Agents } from '../contract/s3-agents.ts';

const resources = new AsyncDisposableStack();
let folder: TempDirectory;
let certificate: TestCertificate;
/** Of a server with a certificate of an authority that nobody knows. */
let port: number;
let proxyUrl: string;
/** What the proxy was asked to connect to. */
const tunnels: string[] = [];

beforeAll(async () => {
  folder = resources.use(await tempDirectory('agents'));
  certificate = await makeCertificate(folder.path, ['localhost', 's3.example']);
  const [cert, key] = [await readFile(certificate.certPath), await readFile(certificate.keyPath)];
  const server = createServer({ cert, key }, (_, response) => response.end('the store')).listen(
    0,
    '127.0.0.1',
  );
  const proxy = createHttpServer().listen(0, '127.0.0.1');
  proxy.on('connect', (request, client: Socket) => {
    tunnels.push(request.url ?? '');
    const target = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    client.pipe(target).pipe(client);
    for (const socket of [client, target]) socket.on('error', () => socket.destroy());
  });
  await Promise.all([once(server, 'listening'), once(proxy, 'listening')]);
  port = (server.address() as AddressInfo).port;
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  resources.defer(() => void server.close());
  resources.defer(() => void proxy.close());
});
afterAll(() => resources.disposeAsync());

async function fetched(agent: Agent, host = 'localhost'): Promise<string> {
  try {
    const request = get({ host, port, agent });
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
    return await text(response);
  } finally {
    agent.destroy();
  }
}

describe('the way to S3', () => {
  it('is closed by a certificate that nobody knows, and open with its authority', async () => {
    await expect(fetched(s3Agents(undefined, {}).httpsAgent)).rejects.toThrow(/certificate/);
    const caFile = join(folder.path, 'ca.crt');
    await writeFile(caFile, certificate.ca);
    expect(await fetched(s3Agents(caFile, {}).httpsAgent)).toBe('the store');
  });

  it('fails at once for a file of authorities that is none, or is not there', async () => {
    const none = join(folder.path, 'none.crt');
    await writeFile(none, '-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n');
    expect(() => s3Agents(none, {})).toThrow(/asn1|PEM|encoding/i);
    await writeFile(none, '');
    expect(() => s3Agents(none, {})).toThrow(/no certificate/);
    expect(() => s3Agents(join(folder.path, 'missing.crt'), {})).toThrow(/ENOENT/);
  });

  it('leads through the proxy that HTTPS_PROXY names, but to hosts of NO_PROXY', async () => {
    const { certPath } = certificate;
    const env = { HTTPS_PROXY: proxyUrl };
    // The proxy alone knows where that is.
    expect(await fetched(s3Agents(certPath, env).httpsAgent, 's3.example')).toBe('the store');
    expect(tunnels).toEqual([`s3.example:${port}`]);
    expect(await fetched(s3Agents(certPath, { ...env, NO_PROXY: 'localhost' }).httpsAgent)).toBe('the store');
    expect(tunnels).toHaveLength(1);
  });
});
