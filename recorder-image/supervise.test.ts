import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild } from '../test/support/child-process.ts';
import type { Child } from '../test/support/child-process.ts';
import { tempDirectory } from '../test/support/temp-directory.ts';
import type { TempDirectory } from '../test/support/temp-directory.ts';
import { waitFor } from '../test/support/wait-for.ts';

const SUPERVISOR = join(import.meta.dirname, 'supervise.sh');

/** Starts a shell script under supervision; it finds a file to note things in under $NOTES. */
async function supervise(folder: TempDirectory, script: string): Promise<Child> {
  const program = join(folder.path, 'program.sh');
  await writeFile(program, script);
  return await startChild({
    name: 'supervisor',
    command: 'sh',
    args: [SUPERVISOR, 'sh', program],
    env: { NOTES: join(folder.path, 'notes') },
  });
}

const notes = async (folder: TempDirectory): Promise<string> =>
  await readFile(join(folder.path, 'notes'), 'utf8').catch(() => '');

const untilNoted = async (folder: TempDirectory, text: string): Promise<void> =>
  void (await waitFor(async () => (await notes(folder)).includes(text), { what: `${text} to be noted` }));

describe('the supervisor', () => {
  it.each([0, 1, 10, 13])('ends with its exit code %d', async (code) => {
    await using folder = await tempDirectory('supervise');
    await using child = await supervise(folder, `exit ${code}`);
    expect(await child.exited).toBe(code);
  });

  it('leaves it to the kubelet to start one again that was killed while it recorded', async () => {
    await using folder = await tempDirectory('supervise');
    await using child = await supervise(folder, 'echo started >> "$NOTES"; kill -KILL $$');
    expect(await child.exited).toBe(137);
    expect(await notes(folder)).toBe('started\n');
  });

  it('hands a stop on, and waits until the file is finished', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `trap 'echo told >> "$NOTES"; sleep 0.3; echo finished >> "$NOTES"; exit 0' TERM
      echo started >> "$NOTES"
      while :; do sleep 0.05; done`;
    await using child = await supervise(folder, script);
    await untilNoted(folder, 'started');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
    expect(await notes(folder)).toBe('started\ntold\nfinished\n');
  });

  it('starts one again that is killed after it was told to stop, and tells it so', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `echo "started $1" >> "$NOTES"
      if [ "$1" = --stopped ]; then exit 0; fi
      trap 'kill -KILL $$' TERM
      while :; do sleep 0.05; done`;
    await using child = await supervise(folder, script);
    await untilNoted(folder, 'started');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
    expect(await notes(folder)).toBe('started \nstarted --stopped\n');
  });

  it('waits a moment for a stop that was on its way when it was killed', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `echo "started $1" >> "$NOTES"
      if [ "$1" = --stopped ]; then exit 0; fi
      kill -KILL $$`;
    await using child = await supervise(folder, script);
    await untilNoted(folder, 'started');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
    expect(await notes(folder)).toBe('started \nstarted --stopped\n');
  });

  it('gives one up that dies again and again', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `echo started >> "$NOTES"
      if [ "$1" = --stopped ]; then kill -KILL $$; fi
      trap 'kill -KILL $$' TERM
      while :; do sleep 0.05; done`;
    await using child = await supervise(folder, script);
    await untilNoted(folder, 'started');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(137);
    expect((await notes(folder)).trim().split('\n')).toHaveLength(6);
  });
});
