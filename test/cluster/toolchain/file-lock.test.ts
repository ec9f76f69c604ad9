import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../support/child-process.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { withFileLock } from './file-lock.ts';

const module = join(import.meta.dirname, 'file-lock.ts');

describe('a file lock', () => {
  it('lets one piece of work in at a time', async () => {
    await using folder = await tempDirectory('lock');
    const file = join(folder.path, 'lock');
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(20);
      inside -= 1;
    };
    await Promise.all([withFileLock(file, work), withFileLock(file, work), withFileLock(file, work)]);
    expect(most).toBe(1);
  });

  it('is free again after work that failed', async () => {
    await using folder = await tempDirectory('lock');
    const file = join(folder.path, 'lock');
    await expect(withFileLock(file, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
    expect(await withFileLock(file, () => Promise.resolve('in'))).toBe('in');
  });

  it('is held against other processes, and free again when its holder is killed', async () => {
    await using folder = await tempDirectory('lock');
    const file = join(folder.path, 'lock');
    const script = `
      const { withFileLock } = await import(${JSON.stringify(module)});
      await withFileLock(${JSON.stringify(file)}, async () => {
        console.log('locked');
        await new Promise((resolve) => setTimeout(resolve, 3_600_000));
      });`;
    await using holder = await startChild({
      name: 'lock holder',
      command: process.execPath,
      args: ['--input-type=module', '--eval', script],
    });
    await waitFor(() => holder.output().includes('locked'), { what: 'the other process to lock' });
    let waited = false;
    const locked = withFileLock(
      file,
      () => Promise.resolve('ours'),
      () => {
        waited = true;
        process.kill(holder.pid, 'SIGKILL');
      },
    );
    expect(await locked).toBe('ours');
    expect(waited).toBe(true);
  });
});
