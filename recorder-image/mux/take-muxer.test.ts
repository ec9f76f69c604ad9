import { once } from 'node:events';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fileHeader, tagSize, writeTag } from '../journal/flv.ts';
import { openJournal } from '../journal/journal.ts';
import { Take } from '../journal/take.ts';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { FfmpegError } from './ffmpeg.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';
import { NoRoomError, TakeMuxer } from './take-muxer.ts';

/** A take that has ended and is larger than what a pipe holds. */
async function endedTake(directory: string): Promise<Take> {
  const key = Buffer.concat([Buffer.from([0x17, 1, 0, 0, 0]), Buffer.alloc(4_000_000)]);
  const tag = Buffer.alloc(tagSize(key.length));
  writeTag(tag, 0, { track: 'video', timestampMs: 0, payload: key });
  await writeFile(join(directory, 'take-1.flv'), Buffer.concat([fileHeader(new Set(['video'])), tag]));
  const takes: Take[] = [];
  const ignored = (): void => undefined;
  const journal = await openJournal({
    format: 'mp4',
    directory,
    maxDurationMs: () => 1000,
    now: () => 0,
    onTake: (take) => takes.push(take),
    onError: ignored,
  });
  await journal.close();
  const [take] = takes;
  if (take === undefined) throw new Error('there is no take');
  return take;
}

/** As much of it, and there is more to come. */
function growingTake({ index, path, size, tracks, configs }: Take): Take {
  const take = new Take({ index, path });
  take.update(size, { settled: tracks, configs, firstMediaMs: 0 });
  return take;
}

async function openFiles(path: string): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) =>
    readlink(join('/proc/self/fd', fd)).catch(() => ''),
  );
  return (await Promise.all(links)).filter((link) => link === path).length;
}

it('gives a full disk some tries, and leaves no journal open behind an FFmpeg that has left it unread', async () => {
  await using folder = await tempDirectory('muxer');
  const take = await endedTake(folder.path);
  const again: unknown[] = [];
  const muxer = new TakeMuxer({
    take,
    prepare: () =>
      Promise.resolve({
        path: join(folder.path, 'out.mp4'),
        recipe: () => [],
        size: () => Promise.resolve(0),
      }),
    ffmpegPath: 'ffmpeg',
    startFfmpeg: ({ input }) => ({
      started: Promise.resolve(),
      kill: () => undefined,
      // It dies with the journal half read.
      done: once(input as Readable, 'readable').then(async () => {
        (input as Readable).read(1);
        await waitFor(async () => (await openFiles(take.path)) > 0, { what: 'the journal to be read' });
        throw new FfmpegError('No space left on device');
      }),
    }),
    onAgain: (error) => again.push(error),
    log: pino({ level: 'silent' }),
  });
  await expect(muxer.run(new AbortController().signal)).rejects.toThrow(NoRoomError);
  expect(again).toHaveLength(4);
  await waitFor(async () => (await openFiles(take.path)) === 0, { what: 'the journal to be closed' });
}, 30_000);

describe('an FFmpeg that hangs', () => {
  /** Takes a byte of its input and no more, until it is killed; the next one takes all of it. */
  function hangsOnce() {
    let starts = 0;
    const startFfmpeg = ({ input }: FfmpegOptions): FfmpegProcess => {
      starts += 1;
      const stream = input as Readable;
      const killed = Promise.withResolvers<void>();
      const kill = (): void => killed.reject(new FfmpegError('killed'));
      if (starts > 1) stream.resume();
      else stream.once('readable', () => stream.read(1));
      const done = Promise.race([killed.promise, once(stream, 'end').then(() => undefined)]);
      return { started: Promise.resolve(), kill, done };
    };
    return { startFfmpeg, starts: () => starts };
  }

  const muxerOf = (take: Take, folder: string, startFfmpeg: (options: FfmpegOptions) => FfmpegProcess) =>
    new TakeMuxer({
      take,
      prepare: () =>
        Promise.resolve({ path: join(folder, 'out.mp4'), recipe: () => [], size: () => Promise.resolve(0) }),
      ffmpegPath: 'ffmpeg',
      startFfmpeg,
      onAgain: () => undefined,
      log: pino({ level: 'silent' }),
      stuckAfterMs: 120,
    });

  it.each(['while the take grows', 'when it has ended'])(
    '%s is killed, and another one started',
    async (when) => {
      await using folder = await tempDirectory('muxer');
      const ended = await endedTake(folder.path);
      const growing = new Take(ended);
      growing.update(ended.size, {
        settled: ended.tracks,
        configs: ended.configs,
        firstMediaMs: 0,
      });
      const take = when === 'when it has ended' ? ended : growing;
      const { startFfmpeg, starts } = hangsOnce();
      const made = muxerOf(take, folder.path, startFfmpeg).run(new AbortController().signal);
      await waitFor(() => starts() === 2, { what: 'another one' });
      if (!take.ended) take.end();
      await made;
      expect(starts()).toBe(2);
    },
  );

  it('is left alone while the take has nothing more for it', async () => {
    await using folder = await tempDirectory('muxer');
    const take = growingTake(await endedTake(folder.path));
    let starts = 0;
    const startFfmpeg = ({ input }: FfmpegOptions): FfmpegProcess => {
      starts += 1;
      const done = once((input as Readable).resume(), 'end').then(() => undefined);
      return { started: Promise.resolve(), kill: () => undefined, done };
    };
    const made = muxerOf(take, folder.path, startFfmpeg).run(new AbortController().signal);
    await sleep(500);
    take.end();
    await made;
    expect(starts).toBe(1);
  });

  it('while it makes what is sent at once is killed, but not while the store does not take it', async () => {
    await using folder = await tempDirectory('muxer');
    const take = await endedTake(folder.path);
    const { startFfmpeg } = hangsOnce();
    const output = new PassThrough({ highWaterMark: 1 });
    output.on('error', () => undefined);
    output.write('more than it takes');
    let isOver = false;
    const poured = muxerOf(take, folder.path, startFfmpeg)
      .pour(() => [], output, new AbortController().signal)
      .finally(() => (isOver = true));
    poured.catch(() => undefined);
    await sleep(400);
    expect(isOver).toBe(false);
    output.resume();
    await expect(poured).rejects.toThrow(FfmpegError);
  });
});
