import { once } from 'node:events';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificate.ts';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { ServerCertificate } from './server-certificate.ts';

/** A folder as the kubelet mounts a Secret: files are links into `..data`, which is swapped as a whole. */
async function secretVolume(folder: string): Promise<{
  paths: { certPath: string; keyPath: string };
  put: (version: string, name: string) => Promise<void>;
}> {
  const put = async (version: string, name: string): Promise<void> => {
    const data = join(folder, version);
    await mkdir(data);
    await makeCertificate(data, [name]);
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await put('..v1', 'first.test');
  for (const file of ['tls.crt', 'tls.key']) await symlink(join('..data', file), join(folder, file));
  return { paths: { certPath: join(folder, 'tls.crt'), keyPath: join(folder, 'tls.key') }, put };
}

describe("a server's certificate", () => {
  it('is renewed with its files, and live connections go on', async () => {
    await using folder = await tempDirectory('certificate');
    const { paths, put } = await secretVolume(folder.path);
    const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    using certificate = new ServerCertificate({
      server,
      paths,
      log: pino({ level: 'silent' }),
      lookMs: 20,
    });
    await certificate.open();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sockets: TLSSocket[] = [];
    const nameNow = async (): Promise<unknown> => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
      sockets.push(socket);
      await once(socket, 'secureConnect');
      return socket.getPeerCertificate().subject.CN;
    };

    expect(await nameNow()).toBe('first.test');
    await put('..v2', 'second.test');
    await waitFor(async () => (await nameNow()) === 'second.test', { what: 'the new certificate' });
    const [first] = sockets;
    first?.write('still here');
    expect(String((await once(first ?? server, 'data'))[0])).toBe('still here');

    // A key that does not fit, and files that are gone, change nothing.
    await writeFile(join(folder.path, '..v2', 'tls.key'), 'no key');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await nameNow()).toBe('second.test');
    await rm(join(folder.path, '..data'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await nameNow()).toBe('second.test');
    await put('..v3', 'third.test');
    await waitFor(async () => (await nameNow()) === 'third.test', { what: 'the third certificate' });

    for (const socket of sockets) socket.destroy();
    server.close();
  });
});
