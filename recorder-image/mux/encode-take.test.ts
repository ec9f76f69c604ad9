import { once } from 'node:events';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fileHeader, tagSize, writeTag } from '../journal/flv.ts';
import { Take } from '../journal/take.ts';
import type { TrackConfig } from '../media/track.ts';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { encodeTake, streamEncodedTake } from './encode-take.ts';
import type { EncodeTakeOptions } from './encode-take.ts';
import { FfmpegError } from './ffmpeg.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';

const STUCK_AFTER_MS = 120;

/** H.264 of 320x180. */
const CONFIG: TrackConfig = {
  track: 'video:0',
  codec: 'avc',
  record: Buffer.from('0142c00cffe100176742c00cda05067e7c0440000003004000000783c50aa801000468ce0fc8', 'hex'),
};

/** A take of more than a fragment, which is larger than what a pipe holds, and of which more may come. */
async function growingTake(directory: string): Promise<Take> {
  const frame = Buffer.concat([Buffer.from([0x17, 1, 0, 0, 0]), Buffer.alloc(4_000_000)]);
  const tags = [0, 2000].map((timestampMs) => {
    const tag = Buffer.alloc(tagSize(frame.length));
    writeTag(tag, 0, { track: 'video', timestampMs, payload: frame });
    return tag;
  });
  const bytes = Buffer.concat([fileHeader(new Set(['video'])), ...tags]);
  const take = new Take({ index: 1, path: join(directory, 'take-1.flv') });
  await writeFile(take.path, bytes);
  take.update(bytes.length, { settled: new Set(['video:0']), configs: [CONFIG], firstMediaMs: 0 });
  return take;
}

function encoding(take: Take, startFfmpeg: (options: FfmpegOptions) => FfmpegProcess): EncodeTakeOptions {
  const log = pino({ level: 'silent' });
  return { take, recipe: [], ffmpegPath: 'ffmpeg', startFfmpeg, log, stuckAfterMs: STUCK_AFTER_MS };
}

async function encoded(take: Take, startFfmpeg: (options: FfmpegOptions) => FfmpegProcess): Promise<void> {
  const nothing = Promise.resolve();
  const file = { path: `${take.path}.webm`, prepare: () => nothing, size: () => Promise.resolve(0) };
  await encodeTake(encoding(take, startFfmpeg), file, new AbortController().signal);
}

/** Takes a byte of its input and no more, until it is killed. */
function hangs({ input }: FfmpegOptions): FfmpegProcess {
  const stream = input as Readable;
  stream.once('readable', () => stream.read(1));
  const killed = Promise.withResolvers<void>();
  return {
    started: Promise.resolve(),
    kill: () => killed.reject(new FfmpegError('killed')),
    done: killed.promise,
  };
}

/** Takes all of its input. */
function works({ input }: FfmpegOptions): FfmpegProcess {
  const done = once((input as Readable).resume(), 'end').then(() => undefined);
  return { started: Promise.resolve(), kill: () => undefined, done };
}

async function openFiles(path: string): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) =>
    readlink(join('/proc/self/fd', fd)).catch(() => ''),
  );
  return (await Promise.all(links)).filter((link) => link === path).length;
}

it('leaves no journal open behind an FFmpeg that has left it unread', async () => {
  await using folder = await tempDirectory('encode');
  const take = await growingTake(folder.path);
  take.end();
  const dies = ({ input }: FfmpegOptions): FfmpegProcess => ({
    started: Promise.resolve(),
    kill: () => undefined,
    done: once(input as Readable, 'readable').then(async () => {
      (input as Readable).read(1);
      await waitFor(async () => (await openFiles(take.path)) > 0, { what: 'the journal to be read' });
      throw new FfmpegError('No space left on device');
    }),
  });
  await expect(encoded(take, dies)).rejects.toThrow('No space left on device');
  await waitFor(async () => (await openFiles(take.path)) === 0, { what: 'the journal to be closed' });
});

it.each([
  { when: 'while the take grows', ended: false },
  { when: 'when it has ended', ended: true },
])('kills an FFmpeg that hangs $when', async ({ ended }) => {
  await using folder = await tempDirectory('encode');
  const take = await growingTake(folder.path);
  if (ended) take.end();
  await expect(encoded(take, hangs)).rejects.toThrow('killed');
});

it('does not take one that ended early for one that has ended well', async () => {
  await using folder = await tempDirectory('encode');
  const take = await growingTake(folder.path);
  take.end();
  const leaves = (): FfmpegProcess => ({
    started: Promise.resolve(),
    kill: () => undefined,
    done: Promise.resolve(),
  });
  await expect(encoded(take, leaves)).rejects.toThrow('before its input did');
});

it('leaves one alone while the take has nothing more for it', async () => {
  await using folder = await tempDirectory('encode');
  const take = await growingTake(folder.path);
  let killed = false;
  const done = encoded(take, (options) => ({ ...works(options), kill: () => (killed = true) }));
  await sleep(STUCK_AFTER_MS * 4);
  take.end();
  await done;
  expect(killed).toBe(false);
});

it('kills one that hangs while it makes what is sent at once, but not while the store does not take it', async () => {
  await using folder = await tempDirectory('encode');
  const take = await growingTake(folder.path);
  take.end();
  const fillsItsOutput = (options: FfmpegOptions): FfmpegProcess => {
    if (typeof options.output !== 'string') options.output.write(Buffer.alloc(1024 * 1024));
    return hangs(options);
  };
  const { chunks, whole, close } = streamEncodedTake(
    encoding(take, fillsItsOutput),
    new AbortController().signal,
  );
  let isOver = false;
  whole.catch(() => (isOver = true));
  await sleep(STUCK_AFTER_MS * 3);
  expect(isOver).toBe(false);
  const taken = (async () => {
    for await (const _chunk of chunks);
  })();
  await expect(taken).rejects.toThrow('killed');
  await expect(whole).rejects.toThrow('killed');
  await close();
});
