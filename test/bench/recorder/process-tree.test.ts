import { describe, expect, it } from 'vitest';
import { startChild } from '../../support/child-process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { usageOf } from './process-tree.ts';

describe('what a process and its children use', () => {
  it('counts the children too, also those that have ended', async () => {
    const burn = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
    await using child = await startChild({
      name: 'shell',
      command: 'sh',
      args: ['-c', `sh -c '${burn}'; sleep 600 & wait`],
    });
    const usage = await waitFor(
      async () => {
        const now = await usageOf(child.pid);
        return now.processes === 2 && now.cpuSeconds > 0.02 && now;
      },
      { what: 'the children' },
    );
    expect(usage.rssBytes).toBeGreaterThan(1_000_000);
  });

  it('is nothing for a process that is gone', async () => {
    const child = await startChild({ name: 'true', command: 'true', args: [] });
    await child.exited;
    expect(await usageOf(child.pid)).toEqual({ cpuSeconds: 0, rssBytes: 0, processes: 0 });
  });
});
