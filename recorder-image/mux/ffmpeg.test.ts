import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { copyWithFfmpeg, FfmpegError, startFfmpeg } from './ffmpeg.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';

/** A script in FFmpeg's place: it notes its process and its arguments before it does anything. */
async function program(folder: string, script: string) {
  const path = join(folder, 'ffmpeg');
  const [pidFile, argsFile] = [join(folder, 'pids'), join(folder, 'args')];
  const lines = ['#!/bin/sh', `printf '%s\\n' "$@" > ${argsFile}`, `echo $$ >> ${pidFile}`, script, ''];
  await writeFile(path, lines.join('\n'));
  await chmod(path, 0o755);
  const pids = async (): Promise<number[]> => {
    const written = await readFile(pidFile, 'utf8').catch(() => '');
    return written.trim() === '' ? [] : written.trim().split('\n').map(Number);
  };
  return { path, pids, args: async () => (await readFile(argsFile, 'utf8')).trimEnd().split('\n') };
}

function optionsFor(ffmpegPath: string, options: Partial<FfmpegOptions> = {}): FfmpegOptions {
  return {
    ...{ ffmpegPath, input: '/dev/null', inputOptions: ['-f', 'flv'], outputOptions: ['-c', 'copy'] },
    ...{ output: '/dev/null', onLog: () => undefined },
    ...options,
  };
}

/** Whether there is such a process, be it one that nobody has waited for. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The error that it ended with. */
const failureOf = (done: Promise<void>): Promise<unknown> =>
  done.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('what FFmpeg is given', () => {
  it('is nothing of our environment', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { path, pids } = await program(folder.path, 'exec sleep 1000');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'very-secret');
    const { done, kill } = startFfmpeg(optionsFor(path));
    const ended = failureOf(done);
    await waitFor(async () => (await pids()).length === 1, { what: 'it to run' });
    const [pid] = await pids();
    const command = (): Promise<string> => readFile(`/proc/${pid}/comm`, 'utf8');
    await waitFor(async () => (await command()).trim() === 'sleep', { what: 'the script to be over' });
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    kill();
    await ended;
    vi.unstubAllEnvs();
    expect(environment.split('\0').filter((variable) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(variable))).toEqual([
      '',
    ]);
  });

  it('is one argument for each option, spaces and all, and no question about what it can do', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { path, args, pids } = await program(folder.path, 'exit 0');
    const outputOptions = ['-hls_segment_filename', '/my recordings/%05d.m4s'];
    await startFfmpeg(optionsFor(path, { outputOptions, output: '/my recordings/index.m3u8' })).done;
    expect(await args()).toEqual([
      ...['-hide_banner', '-nostats', '-loglevel', 'warning', '-f', 'flv', '-i', '/dev/null', '-y'],
      ...[...outputOptions, '/my recordings/index.m3u8'],
    ]);
    expect(await pids()).toHaveLength(1);
  });

  it('is a stream to its end, and what it makes of that is a stream that ends', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { path, args } = await program(folder.path, 'exec tr a-z A-Z');
    const [input, output] = [Readable.from(['some ', 'media']), new PassThrough()];
    const { done } = startFfmpeg(optionsFor(path, { input, output }));
    expect(await text(output)).toBe('SOME MEDIA');
    await done;
    expect(await args()).toEqual(expect.arrayContaining(['pipe:0', 'pipe:1']));
  });
});

describe('an FFmpeg that does not end well', () => {
  it('is killed when it takes longer than it may', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { path, pids } = await program(folder.path, 'exec sleep 1000');
    const failure = failureOf(copyWithFfmpeg(optionsFor(path), new AbortController().signal, 300));
    expect(String(await failure)).toContain('SIGKILL');
    expect((await pids()).filter(exists)).toEqual([]);
  });

  it.each(['at once', 'while it starts'])('is killed %s, and nothing of it stays', async (when) => {
    await using folder = await tempDirectory('ffmpeg');
    // It does not get as far as its first byte.
    const { path, pids } = await program(folder.path, "trap '' TERM; while :; do sleep 0.05; done");
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.write('media');
    const { done, kill } = startFfmpeg(optionsFor(path, { input, output }));
    const failure = failureOf(done);
    if (when === 'while it starts')
      await waitFor(async () => (await pids()).length === 1, { what: 'it to run' });
    kill();
    expect(String(await failure)).toContain('SIGKILL');
    expect((await pids()).filter(exists)).toEqual([]);
    expect([input.destroyed, output.destroyed]).toEqual([true, true]);
  });

  it('is killed though nobody reads what it has written', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { path } = await program(folder.path, 'exec cat /dev/zero');
    const output = new PassThrough();
    const { done, kill } = startFfmpeg(optionsFor(path, { output }));
    await waitFor(() => output.writableNeedDrain, { what: 'the pipe to be full' });
    kill();
    await expect(done).rejects.toThrow('was killed by SIGKILL');
  });

  it.each([
    { what: 'that it can not be started', script: undefined, said: 'could not be started' },
    {
      what: 'its code and its last words',
      script: 'echo one >&2; echo two >&2; exit 7',
      said: 'code 7; one; two',
    },
    { what: 'the signal that it died of', script: 'kill -SEGV $$', said: 'was killed by SIGSEGV' },
    {
      what: 'only the end of a long story',
      script: 'seq 1 100 >&2; exit 1',
      said: 'code 1; 95; 96; 97; 98; 99; 100',
    },
  ])('says $what', async ({ script, said }) => {
    await using folder = await tempDirectory('ffmpeg');
    const path = script === undefined ? '/nowhere/ffmpeg' : (await program(folder.path, script)).path;
    const failure = await failureOf(startFfmpeg(optionsFor(path)).done);
    expect(failure).toBeInstanceOf(FfmpegError);
    expect(String(failure)).toContain(said);
  });

  it('takes its output with it, so that nobody takes that for whole', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { path } = await program(folder.path, 'echo half; exit 1');
    const output = new PassThrough();
    const { done } = startFfmpeg(optionsFor(path, { output }));
    const failure = failureOf(done);
    await expect(text(output)).rejects.toThrow(FfmpegError);
    expect(await failure).toBeInstanceOf(FfmpegError);
  });

  it('does not end ours by a pipe that it has closed', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { path } = await program(folder.path, 'exec 0<&-; sleep 0.2; exit 3');
    const endless = Readable.from(
      (function* () {
        while (true) yield Buffer.alloc(65_536);
      })(),
    );
    await expect(startFfmpeg(optionsFor(path, { input: endless })).done).rejects.toThrow('code 3');
    expect(endless.destroyed).toBe(true);
  });

  it.each([
    { which: 'input', broken: { input: new PassThrough() } },
    { which: 'output', broken: { output: new PassThrough() } },
  ])('is killed when its $which breaks, and says what broke', async ({ broken }) => {
    await using folder = await tempDirectory('ffmpeg');
    const { path, pids } = await program(folder.path, 'exec sleep 1000');
    const { done } = startFfmpeg(optionsFor(path, broken));
    const failure = failureOf(done);
    await waitFor(async () => (await pids()).length === 1, { what: 'it to run' });
    const [stream] = Object.values(broken);
    stream?.destroy(new Error('the disk is on fire'));
    expect(String(await failure)).toContain('the disk is on fire');
    expect((await pids()).filter(exists)).toEqual([]);
  });
});

describe('a third FFmpeg', () => {
  /** As many that run until their input ends. */
  async function several(folder: string, live: readonly boolean[]) {
    const { path, pids } = await program(folder, 'exec cat');
    const processes = live.map((isLive) => {
      const input = new PassThrough();
      const output = new PassThrough();
      output.resume();
      const { started, done, kill } = startFfmpeg(optionsFor(path, { input, output, live: isLive }));
      let hasStarted = false;
      void started.then(() => (hasStarted = true));
      return { started, done, kill, end: () => input.end(), hasStarted: () => hasStarted };
    });
    return { processes, pids };
  }
  const endOf = async (
    one: ({ end: () => void } & Pick<FfmpegProcess, 'done'>) | undefined,
  ): Promise<void> => {
    one?.end();
    await one?.done;
  };

  it('waits, and what is recorded goes before what has ended', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { processes, pids } = await several(folder.path, [false, false, false, true, true]);
    const [first, second, third, live, another] = processes;
    await Promise.all([first?.started, live?.started]);
    await waitFor(async () => (await pids()).length === 2, { what: 'both to run' });
    expect(processes.map((one) => one.hasStarted())).toEqual([true, false, false, true, false]);
    await endOf(first);
    await another?.started;
    expect([second, third].map((one) => one?.hasStarted())).toEqual([false, false]);
    await endOf(live);
    await second?.started;
    await endOf(another);
    // One slot is free, and stays so for what may be recorded next.
    expect(third?.hasStarted()).toBe(false);
    await endOf(second);
    await third?.started;
    await endOf(third);
    expect(await pids()).toHaveLength(5);
  });

  it('can be killed while it waits, and holds up nobody', async () => {
    await using folder = await tempDirectory('ffmpeg');
    const { processes, pids } = await several(folder.path, [false, false, false]);
    const [first, second, third] = processes;
    await first?.started;
    second?.kill();
    await expect(second?.done).rejects.toThrow(FfmpegError);
    await endOf(first);
    await endOf(third);
    expect(await pids()).toHaveLength(2);
  });
});
