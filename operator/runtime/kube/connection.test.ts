import { KubeConfig } from '@kubernetes/client-node';
import { writeFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KubeClient } from './client.ts';
import { KubeConfigConnection } from './connection.ts';

describe('a connection from a kubeconfig', () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  const load = (user: object, server = 'https://127.0.0.1:6443/') => {
    const config = new KubeConfig();
    config.loadFromString(
      JSON.stringify({
        'current-context': 'c',
        clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'u', user }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    return new KubeConfigConnection(config);
  };

  it('carries a token, and keeps its connections from call to call', async () => {
    const connection = load({ token: 'secret' });
    expect(connection.server).toBe('https://127.0.0.1:6443');
    const first = await connection.credentials();
    expect(first.headers['Authorization']).toBe('Bearer secret');
    expect((await connection.credentials()).dispatcher).toBe(first.dispatcher);
    await connection.close();
  });

  it('carries a name and password', async () => {
    const connection = load({ username: 'me', password: 'pw' });
    const { headers } = await connection.credentials();
    expect(headers['Authorization']).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`);
    await connection.close();
  });

  it('carries what an exec plugin prints', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'meetrec-exec-'));
    folders.push(folder);
    const plugin = join(folder, 'plugin.mjs');
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'fresh' },
    };
    await writeFile(plugin, `process.stdout.write(${JSON.stringify(JSON.stringify(credential))})`);
    const apiVersion = 'client.authentication.k8s.io/v1';
    const connection = load({
      exec: { apiVersion, command: process.execPath, args: [plugin], interactiveMode: 'Never' },
    });
    expect((await connection.credentials()).headers['Authorization']).toBe('Bearer fresh');
    await connection.close();
  });

  it('has the kernel look whether the other end is there, within seconds', async () => {
    const server = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const probes = vi.spyOn(Socket.prototype, 'setKeepAlive');
    const { port } = server.address() as AddressInfo;
    const connection = load({ token: 'secret' }, `http://127.0.0.1:${port}`);
    const pods = { group: '', version: 'v1', plural: 'pods', namespaced: true };
    await new KubeClient({ connection }).list(pods);
    expect(probes.mock.lastCall).toEqual([{ enable: true, initialDelay: 3000, interval: 1000, count: 4 }]);
    probes.mockRestore();
    await connection.close();
    server.close();
    await once(server, 'close');
  });

  it('says so when there is no cluster', () => {
    expect(() => new KubeConfigConnection(new KubeConfig())).toThrow('no current cluster');
  });
});
