import { once } from 'node:events';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild } from '../test/support/child-process.ts';
import type { Child } from '../test/support/child-process.ts';
import { freePort } from '../test/support/free-port.ts';
import { shellTools } from '../test/support/shell-tools.ts';
import { tempDirectory } from '../test/support/temp-directory.ts';
import type { TempDirectory } from '../test/support/temp-directory.ts';
import { waitFor } from '../test/support/wait-for.ts';

const WATCH = join(import.meta.dirname, 'watch.sh');

/** Somebody to be watched, who does nothing. */
const idler = async (): Promise<Child> =>
  await startChild({ name: 'idler', command: '/bin/sleep', args: ['3600'] });

/** Watches a process, in a hundredth of the time; every wait is noted. */
async function watch(
  folder: TempDirectory,
  { pid }: Child,
  env: Readonly<Record<string, string>>,
): Promise<Child> {
  const tools = {
    sleep: 'echo "$1" >> "$NOTES"\nexec /bin/sleep 0.05',
    timeout: 'limit=$1; shift; exec /usr/bin/timeout "0.$limit" "$@"',
  };
  return await startChild({
    name: 'watcher',
    command: '/bin/sh',
    args: [WATCH, String(pid)],
    env: {
      NOTES: join(folder.path, 'notes'),
      RECORDING_ID: 'rec',
      PATH: await shellTools(folder.path, tools),
      ...env,
    },
  });
}

const waits = async (folder: TempDirectory): Promise<string[]> =>
  (await readFile(join(folder.path, 'notes'), 'utf8').catch(() => '')).split('\n').slice(0, -1);

const longerThanAnyoneWaits = async (folder: TempDirectory): Promise<void> =>
  void (await waitFor(async () => (await waits(folder)).length > 14, { what: 'it to be asked often' }));

async function serve(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return String((server.address() as AddressInfo).port);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

describe('the watcher', () => {
  it('kills one at whose port nobody listens after six questions, and says so', async () => {
    await using folder = await tempDirectory('watch');
    await using watched = await idler();
    await using watcher = await watch(folder, watched, { HTTP_PORT: String(await freePort()) });
    expect(await watched.exited).toBe('SIGKILL');
    expect(await watcher.exited).toBe(0);
    expect(await waits(folder)).toEqual(Array.from({ length: 6 }, () => '5'));
    const line: unknown = JSON.parse(watcher.output());
    expect(line).toMatchObject({ level: 50, recordingId: 'rec', msg: expect.stringContaining('is killed') });
  });

  it('kills one that takes connections and never answers', async () => {
    await using folder = await tempDirectory('watch');
    await using watched = await idler();
    const server = createServer(() => undefined);
    await using watcher = await watch(folder, watched, { HTTP_PORT: await serve(server) });
    expect(await watched.exited).toBe('SIGKILL');
    expect(await watcher.exited).toBe(0);
    await close(server);
  });

  it('asks for what the kubelet asks for, lets one live that answers, and ends with it', async () => {
    await using folder = await tempDirectory('watch');
    await using watched = await idler();
    const asked = new Set<string | undefined>();
    const server = createServer(({ url }, response) => {
      asked.add(url);
      response.end('ok\n');
    });
    await using watcher = await watch(folder, watched, { HTTP_PORT: await serve(server) });
    await longerThanAnyoneWaits(folder);
    expect([...asked]).toEqual(['/healthz']);
    process.kill(watched.pid, 'SIGTERM');
    expect(await watched.exited).toBe('SIGTERM');
    expect(await watcher.exited).toBe(0);
    expect(watcher.output()).toBe('');
    await close(server);
  });

  it('begins to count again with every answer', async () => {
    await using folder = await tempDirectory('watch');
    await using watched = await idler();
    let questions = 0;
    const server = createServer((_request, response) => {
      questions += 1;
      if (questions % 6 === 0) response.end('ok\n');
      else response.destroy();
    });
    await using watcher = await watch(folder, watched, { HTTP_PORT: await serve(server) });
    await longerThanAnyoneWaits(folder);
    process.kill(watched.pid, 'SIGTERM');
    expect(await watched.exited).toBe('SIGTERM');
    expect(await watcher.exited).toBe(0);
    await close(server);
  });

  it('lets everyone live in an image in which it can ask nobody', async () => {
    await using folder = await tempDirectory('watch');
    await using watched = await idler();
    const bare = join(folder.path, 'bin');
    await mkdir(bare);
    for (const name of ['sleep', 'timeout', 'date', 'setpriv'])
      await symlink(join('/usr/bin', name), join(bare, name));
    await using watcher = await watch(folder, watched, { PATH: bare });
    expect(await watcher.exited).toBe(0);
    process.kill(watched.pid, 'SIGTERM');
    expect(await watched.exited).toBe('SIGTERM');
  });
});
