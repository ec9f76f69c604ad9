import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startChild } from '../test/support/child-process.ts';
import type { Child } from '../test/support/child-process.ts';
import { freePort } from '../test/support/free-port.ts';
import { shellTools } from '../test/support/shell-tools.ts';
import { tempDirectory } from '../test/support/temp-directory.ts';
import type { TempDirectory } from '../test/support/temp-directory.ts';
import { waitFor } from '../test/support/wait-for.ts';

const SUPERVISOR = join(import.meta.dirname, 'supervise.sh');

/** Notes what it was to wait for, and does not wait. */
const NO_SLEEP = 'echo "sleep $1" >> "$NOTES"';

/**
 * Starts a shell script under supervision; it finds a file to note things in under $NOTES. `tools` take the place of
 * programs that the supervisor uses.
 */
async function supervise(
  folder: TempDirectory,
  script: string,
  tools: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const program = join(folder.path, 'program.sh');
  await writeFile(program, script);
  return await startChild({
    name: 'supervisor',
    command: 'sh',
    args: [SUPERVISOR, 'sh', program],
    env: {
      NOTES: join(folder.path, 'notes'),
      RECORDING_ID: 'rec',
      // Nobody is watched where there is no port to ask at.
      HTTP_PORT: '0',
      ...env,
      PATH: await shellTools(folder.path, tools),
    },
  });
}

const notes = async (folder: TempDirectory): Promise<string[]> => {
  const text = await readFile(join(folder.path, 'notes'), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
};

const untilNoted = async (folder: TempDirectory, text: string): Promise<void> =>
  void (await waitFor(async () => (await notes(folder)).includes(text), { what: `${text} to be noted` }));

/** Empty for a process that is gone, also where nobody is there to take note of its end. */
const commandLine = (pid: string): Promise<string> =>
  readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

describe('the supervisor', () => {
  it.each([0, 10, 11, 12, 13])('ends with its result, exit code %d', async (code) => {
    await using folder = await tempDirectory('supervise');
    await using child = await supervise(folder, `echo started >> "$NOTES"; exit ${code}`);
    expect(await child.exited).toBe(code);
    expect(await notes(folder)).toEqual(['started']);
  });

  it.each([
    ['is killed', 'kill -KILL $$', 137],
    ['crashes', 'kill -SEGV $$', 139],
    ['fails', 'exit 1', 1],
    ['ends as its runtime does when it is at its own end', 'exit 7', 7],
  ])('starts one again at once that %s, and says how it ended', async (_what, death, code) => {
    await using folder = await tempDirectory('supervise');
    await using child = await supervise(folder, `echo "$*" >> "$NOTES"; if [ -z "$*" ]; then ${death}; fi`);
    expect(await child.exited).toBe(0);
    const said = new RegExp(`^--restarts=1 --last-exit-code=${code} --last-ended-at=[0-9]+$`);
    expect(await notes(folder)).toEqual(['', expect.stringMatching(said)]);
    const [line = ''] = child
      .output()
      .split('\n')
      .filter((text) => text.startsWith('{'));
    expect(JSON.parse(line)).toMatchObject({ level: 40, recordingId: 'rec', exitCode: code, restarts: 1 });
  });

  it('leaves one to the kubelet that dies again and again, after longer and longer pauses', async () => {
    await using folder = await tempDirectory('supervise');
    const script = 'echo started >> "$NOTES"; kill -KILL $$';
    await using child = await supervise(folder, script, { sleep: NO_SLEEP });
    expect(await child.exited).toBe(137);
    const pauses = [1, 2, 4, 8, 2].flatMap((seconds) => ['started', `sleep ${seconds}`]);
    expect(await notes(folder)).toEqual(['started', ...pauses]);
  });

  it('does not count what one dies of that has run well', async () => {
    await using folder = await tempDirectory('supervise');
    await using child = await supervise(
      folder,
      'echo started >> "$NOTES"; [ "$(wc -l < "$NOTES")" -ge 9 ] || kill -KILL $$',
      // A minute goes by from each question to the next.
      { date: 'echo . >> "$NOTES.clock"; echo $(($(wc -l < "$NOTES.clock") * 60))' },
    );
    expect(await child.exited).toBe(0);
    expect(await notes(folder)).toEqual(Array.from({ length: 9 }, () => 'started'));
  });

  it('hands a stop on, as often as it comes, and waits until the file is finished', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `trap 'echo told >> "$NOTES"' TERM
      echo started >> "$NOTES"
      until [ "$(grep -c told "$NOTES")" -ge 2 ]; do /bin/sleep 0.05; done
      echo finished >> "$NOTES"`;
    await using child = await supervise(folder, script);
    await untilNoted(folder, 'started');
    process.kill(child.pid, 'SIGTERM');
    await untilNoted(folder, 'told');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
    expect([...new Set(await notes(folder))]).toEqual(['started', 'told', 'finished']);
  });

  it('tells one that it starts again of the stop that the one before had heard', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `echo "started $1 $2" >> "$NOTES"
      if [ "$1" = --stopped ]; then exit 0; fi
      trap 'kill -KILL $$' TERM
      while :; do /bin/sleep 0.05; done`;
    await using child = await supervise(folder, script);
    await untilNoted(folder, 'started  ');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
    expect(await notes(folder)).toEqual(['started  ', 'started --stopped --restarts=1']);
  });

  it('does not take it for a death when the stop ends one that does not listen yet', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `echo "started $*" >> "$NOTES"
      if [ "$1" = --stopped ]; then exit 0; fi
      exec /bin/sleep 3600`;
    await using child = await supervise(folder, script);
    await untilNoted(folder, 'started ');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
    expect(await notes(folder)).toEqual(['started ', 'started --stopped']);
  });

  it.each([
    ['between two starts', 'sleep 8', 1],
    ['when one is just being given up', 'sleep 2', 2],
  ])('keeps a stop that comes %s, and gives it all of its tries', async (_when, pause, times) => {
    await using folder = await tempDirectory('supervise');
    // It needs three more tries than the first one that hears of the stop.
    const script = `echo "started $1" >> "$NOTES"
      if [ "$(grep -c stopped "$NOTES")" -ge 4 ]; then exit 0; fi
      kill -KILL $$`;
    const sleep = `${NO_SLEEP}
      if [ "$(grep -c '${pause}' "$NOTES")" -ge ${times} ] && mkdir "$NOTES.once" 2> /dev/null
      then echo resting >> "$NOTES"; exec /bin/sleep 3600; fi`;
    await using child = await supervise(folder, script, { sleep });
    await untilNoted(folder, 'resting');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
    expect((await notes(folder)).filter((note) => note === 'started --stopped')).toHaveLength(4);
  });

  it('gives one up in the end that was told to stop and dies again and again', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `echo "started $1" >> "$NOTES"
      if [ "$1" = --stopped ]; then kill -KILL $$; fi
      trap 'kill -KILL $$' TERM
      while :; do /bin/sleep 0.05; done`;
    await using child = await supervise(folder, script, { sleep: NO_SLEEP });
    await untilNoted(folder, 'started ');
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(137);
    expect((await notes(folder)).filter((note) => note === 'started --stopped')).toHaveLength(5);
  });

  it('ends what one that died had started', async () => {
    await using folder = await tempDirectory('supervise');
    const script = `if [ -n "$*" ]; then exit 0; fi
      /bin/sleep 3600 &
      echo $! >> "$NOTES"
      kill -KILL $$`;
    await using child = await supervise(folder, script);
    expect(await child.exited).toBe(0);
    const [orphan = ''] = await notes(folder);
    await waitFor(async () => (await commandLine(orphan)) === '', { what: 'the orphan to be gone' });
  });

  describe('of one that answers nobody', () => {
    const deaf = `echo "started $1" >> "$NOTES"
      if [ "$(grep -c stopped "$NOTES")" -ge 2 ]; then exit 0; fi
      trap '' TERM
      while :; do /bin/sleep 0.05; done`;
    const quick = { sleep: `${NO_SLEEP}\nexec /bin/sleep 0.02` };

    it('kills it once it was told to stop, as often as it must', async () => {
      await using folder = await tempDirectory('supervise');
      await using child = await supervise(folder, deaf, quick, { HTTP_PORT: String(await freePort()) });
      await untilNoted(folder, 'started ');
      process.kill(child.pid, 'SIGTERM');
      expect(await child.exited).toBe(0);
      const said = await notes(folder);
      expect(said.filter((note) => note.startsWith('started'))).toEqual([
        'started ',
        'started --stopped',
        'started --stopped',
      ]);
      expect(said.filter((note) => note === 'sleep 5').length).toBeGreaterThanOrEqual(12);
      expect(child.output()).toContain(
        '"msg":"the recorder does not answer any more while it stops, and is killed"',
      );
    });

    it('leaves that to the kubelet before it was told to stop', async () => {
      await using folder = await tempDirectory('supervise');
      await using child = await supervise(folder, deaf, quick, { HTTP_PORT: String(await freePort()) });
      await untilNoted(folder, 'started ');
      await sleep(300);
      expect(await notes(folder)).toEqual(['started ']);
      process.kill(child.pid, 'SIGTERM');
      expect(await child.exited).toBe(0);
    });

    it('leaves nobody behind who asks', async () => {
      await using folder = await tempDirectory('supervise');
      const script = `trap 'stopped=yes' TERM
        echo started >> "$NOTES"
        until [ -n "$stopped" ] && grep -q 'sleep 5' "$NOTES"; do /bin/sleep 0.05; done`;
      const asleep = `${NO_SLEEP}\n[ "$1" != 5 ] || { echo "asleep $$" >> "$NOTES"; exec /bin/sleep 3600; }`;
      await using child = await supervise(
        folder,
        script,
        { sleep: asleep },
        { HTTP_PORT: String(await freePort()) },
      );
      await untilNoted(folder, 'started');
      process.kill(child.pid, 'SIGTERM');
      await untilNoted(folder, 'sleep 5');
      expect(await child.exited).toBe(0);
      const [, pid = ''] = (await notes(folder)).find((note) => note.startsWith('asleep'))?.split(' ') ?? [];
      expect(pid).not.toBe('');
      await waitFor(async () => (await commandLine(pid)) === '', { what: 'the watcher to be gone' });
    });
  });
});
