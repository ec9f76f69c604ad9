import { once } from 'node:events';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { fileHeader, tagSize, writeTag } from '../journal/flv.ts';
import { openJournal } from '../journal/journal.ts';
import type { Take } from '../journal/take.ts';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { FfmpegError } from './ffmpeg.ts';
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
