import { PassThrough, Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';
import { FfmpegError } from './ffmpeg.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';
import { killWhenStuck } from './kill-when-stuck.ts';
import { streamedFile } from './mp4/hybrid-file.ts';
import { mp4Pieces } from './mp4/mp4-pieces.ts';
import type { PacketSource } from './packet-source.ts';
import { READ_FOR_ENCODING } from './recipes.ts';
import type { Recipe } from './recipes.ts';
import type { StreamedOutput } from './streamed-output.ts';
import { publishedSource } from './take-source.ts';

export interface EncodeTakeOptions {
  readonly take: Take;
  readonly recipe: Recipe;
  readonly ffmpegPath: string;
  readonly startFfmpeg: (options: FfmpegOptions) => FfmpegProcess;
  readonly log: Logger;
  readonly stuckAfterMs?: number;
}

/**
 * Makes a file of the take with FFmpeg, which follows it while it grows, and is killed when it hangs. Throws
 * {@link FfmpegError}, or the signal's reason.
 *
 * @param file.prepare called once FFmpeg has something to write a header with
 * @param file.size bytes written so far
 */
export async function encodeTake(
  options: EncodeTakeOptions,
  file: {
    readonly path: string;
    readonly prepare: () => Promise<void>;
    readonly size: () => Promise<number>;
  },
  signal: AbortSignal,
): Promise<void> {
  const { take } = options;
  // A process that only waits costs memory.
  while (take.tracks === undefined) await abortable(take.changed(), signal);
  await file.prepare();
  const watch: Watch = {
    // It may have nothing to do for as long as the publisher is away.
    isBusy: (waiting) => take.ended || waiting > 0,
    progress: file.size,
  };
  await encode(options, file.path, watch, signal);
}

/** The same of a finished take, as a stream. */
export function streamEncodedTake(options: EncodeTakeOptions, signal: AbortSignal): StreamedOutput {
  // FFmpeg is given no word of its closing: it would be killed before it could say that it has ended well.
  const output = new PassThrough({ emitClose: false });
  const watch: Watch = {
    // The store may take its time.
    isBusy: () => !output.writableNeedDrain,
    progress: () => Promise.resolve(0),
  };
  const whole = encode(options, output, watch, signal).catch((error: Error) => {
    output.destroy(error);
    throw error;
  });
  return {
    chunks: output,
    whole,
    close: async () => {
      output.destroy();
      await whole.catch(() => undefined);
    },
  };
}

interface Watch {
  /** Whether FFmpeg, for which so many bytes are waiting, has something to do. */
  readonly isBusy: (waiting: number) => boolean;
  /** A figure that changes as it writes. */
  readonly progress: () => Promise<number>;
}

/**
 * FFmpeg is given an MP4 of what was published: the header names every track, so that none is overlooked that comes late,
 * and it holds codecs that FFmpeg's reader of FLV does not know.
 */
async function encode(
  { take, recipe, ffmpegPath, startFfmpeg, log, stuckAfterMs }: EncodeTakeOptions,
  output: string | Writable,
  watch: Watch,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const source = await publishedSource(take, 'webm', AbortSignal.any([signal, over.signal]));
  const reading: Reading = { bytes: 0 };
  const input = Readable.from(mp4Of(source, reading), {
    objectMode: false,
    highWaterMark: 64 * 1024,
  });
  // Whatever ends the input early ends the process too, and that is where it is reported.
  input.on('error', () => undefined);
  const process = startFfmpeg({
    ffmpegPath,
    input,
    inputOptions: READ_FOR_ENCODING,
    outputOptions: recipe,
    output,
    live: !take.ended,
    onLog: (line) => log.debug({ take: take.index, line }, 'FFmpeg says'),
  });
  signal.addEventListener('abort', process.kill, { once: true });
  const watched = killWhenStuck(
    {
      process,
      isBusy: () => watch.isBusy(input.readableLength),
      progress: async () => [reading.bytes - input.readableLength, await watch.progress()],
      onStuck: () => log.error({ take: take.index }, 'FFmpeg does not move any more; killing it'),
      stuckAfterMs,
    },
    over.signal,
  );
  try {
    await process.done;
    if (!input.readableEnded) throw new FfmpegError('FFmpeg ended before its input did');
  } catch (error) {
    throw reading.failure ?? error;
  } finally {
    signal.removeEventListener('abort', process.kill);
    over.abort(new FfmpegError('FFmpeg has ended'));
    // What FFmpeg has left unread would keep the journal open, until the collector finds the file and ends the process.
    input.destroy();
    await watched;
  }
}

interface Reading {
  bytes: number;
  /** What kept it from going on. */
  failure?: unknown;
}

async function* mp4Of(source: PacketSource, reading: Reading): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of streamedFile(mp4Pieces(source))) {
      reading.bytes += chunk.length;
      // Its memory is used again for the next one, and FFmpeg may take its time.
      yield Buffer.from(chunk);
    }
  } catch (error) {
    reading.failure = error;
    throw error;
  }
}
