import { PassThrough, Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import { followTake } from '../journal/follow-take.ts';
import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';
import { FfmpegError } from './ffmpeg.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';
import { killWhenStuck } from './kill-when-stuck.ts';
import { READ_FOR_ENCODING } from './recipes.ts';
import type { Recipe } from './recipes.ts';
import type { StreamedOutput } from './streamed-output.ts';

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
    isBusy: (read) => take.ended || read < take.size,
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
  /** Whether FFmpeg, which has read so many bytes, has something to do. */
  readonly isBusy: (read: number) => boolean;
  /** A figure that changes as it writes. */
  readonly progress: () => Promise<number>;
}

async function encode(
  { take, recipe, ffmpegPath, startFfmpeg, log, stuckAfterMs }: EncodeTakeOptions,
  output: string | Writable,
  watch: Watch,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const progress = { read: 0 };
  const tags = counted(followTake(take, AbortSignal.any([signal, over.signal])), progress);
  const input = Readable.from(tags, { objectMode: false, highWaterMark: 64 * 1024 });
  // Whatever ends the input early ends the process too, and that is where it is reported.
  input.on('error', () => undefined);
  const process = startFfmpeg({
    ffmpegPath,
    input,
    inputOptions: READ_FOR_ENCODING,
    outputOptions: recipe({ videoCodec: take.videoCodec }),
    output,
    live: !take.ended,
    onLog: (line) => log.debug({ take: take.index, line }, 'FFmpeg says'),
  });
  signal.addEventListener('abort', process.kill, { once: true });
  const watched = killWhenStuck(
    {
      process,
      isBusy: () => watch.isBusy(progress.read),
      progress: async () => [progress.read, await watch.progress()],
      onStuck: () => log.error({ take: take.index }, 'FFmpeg does not move any more; killing it'),
      stuckAfterMs,
    },
    over.signal,
  );
  try {
    await process.done;
    if (!input.readableEnded) throw new FfmpegError('FFmpeg ended before its input did');
  } finally {
    signal.removeEventListener('abort', process.kill);
    over.abort(new FfmpegError('FFmpeg has ended'));
    // What FFmpeg has left unread would keep the journal open, until the collector finds the file and ends the process.
    input.destroy();
    await watched;
  }
}

async function* counted(
  chunks: AsyncGenerator<Buffer>,
  progress: { read: number },
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    progress.read += chunk.length;
    yield chunk;
  }
}
