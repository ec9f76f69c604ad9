import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild, whileAlive } from './child-process.ts';
import { waitFor } from './wait-for.ts';

const module = join(import.meta.dirname, 'child-process.ts');

/** A dead process that nobody has asked about yet still has its number, but no command line. */
function isAlive(pid: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file, 'utf8') !== '';
}

describe('a child process', () => {
  it('is stopped when it is disposed of', async () => {
    const child = await startChild({ name: 'sleeper', command: 'sleep', args: ['3600'] });
    await child[Symbol.asyncDispose]();
    expect(await child.exited).toBe('SIGTERM');
    await child.stop();
  });

  it.runIf(process.platform === 'linux')('dies with its parent, even of SIGKILL', async () => {
    const script = `
      const { startChild } = await import(${JSON.stringify(module)});
      const child = await startChild({ name: 'sleeper', command: 'sleep', args: ['3600'] });
      console.log('child', child.pid);
      setInterval(() => {}, 1000);`;
    await using parent = await startChild({
      name: 'parent',
      command: process.execPath,
      args: ['--input-type=module', '--eval', script],
    });
    const pid = await waitFor(() => /child (\d+)\n/.exec(parent.output())?.[1], { what: 'the grandchild' });
    expect(isAlive(pid)).toBe(true);
    process.kill(parent.pid, 'SIGKILL');
    await waitFor(() => !isAlive(pid), { what: 'the grandchild to die' });
  });

  it('fails a wait at once, with its own words, when it ends before it serves', async () => {
    const child = await startChild({
      name: 'broken',
      command: 'sh',
      args: ['-c', 'echo no such port >&2; exit 3'],
    });
    const serving = whileAlive(child, 'broken', (signal) =>
      waitFor(() => false, { what: 'it to serve', timeoutMs: 600_000, signal }),
    );
    await expect(serving).rejects.toThrow(/broken ended with 3: no such port/);
  });
});
