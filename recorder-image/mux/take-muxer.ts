import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { followTake } from '../journal/follow-take.ts';
import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';
import { pause } from '../support/pause.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';
import { FfmpegError } from './ffmpeg.ts';
import { killWhenStuck } from './kill-when-stuck.ts';
import type { StuckOptions } from './kill-when-stuck.ts';
import type { Recipe } from './recipes.ts';

/** After this many failures on a finished take there is no point in trying again: its input never changes. */
const MAX_FAILURES_AT_END = 5;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5000;
const LOOK_MS = 5000;
/** In FFmpeg's words and in Node's. */
const DISK_FULL = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

/** Where an attempt writes to. */
export interface MuxOutput {
  readonly path: string;
  readonly recipe: Recipe;
  /** Bytes written so far. */
  readonly size: () => Promise<number>;
  /** What FFmpeg has failed to write without noticing, while it writes and, with `ended`, when it has ended. */
  readonly damage?: (ended: boolean) => Promise<string | undefined>;
}

export interface TakeMuxerOptions {
  readonly take: Take;
  /** Called for each attempt: whatever an earlier one has left is gone when this returns. */
  readonly prepare: () => Promise<MuxOutput>;
  readonly ffmpegPath: string;
  readonly startFfmpeg: (options: FfmpegOptions) => FfmpegProcess;
  /** Called before the file is made again from the start. */
  readonly onAgain: (error: unknown) => void;
  readonly log: Logger;
  readonly stuckAfterMs?: number;
}

/** FFmpeg has failed on a finished take again and again. The journal still has all of it. */
export class MuxError extends Error {
  readonly code = 'MuxFailed';
  override readonly name = 'MuxError';
}

/** The disk has no room for the file. The journal still has all of it. */
export class NoRoomError extends Error {
  readonly code = 'DiskFull';
  override readonly name = 'NoRoomError';
}

/**
 * Derives the output file from the take, following it while it grows. When FFmpeg dies, another one starts from the
 * take's beginning and makes the same bytes again.
 */
export class TakeMuxer {
  readonly #options: TakeMuxerOptions;

  constructor(options: TakeMuxerOptions) {
    this.#options = options;
  }

  /**
   * Returns when the output is finished. Throws {@link MuxError}, {@link NoRoomError}, or the signal's reason when it
   * is aborted.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { take, log } = this.#options;
    for (let failures = 0, failuresAtEnd = 0; ;) {
      try {
        await this.#attempt(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        if (take.ended) failuresAtEnd += 1;
        log.warn({ take: take.index, failures, error: String(error) }, 'FFmpeg failed; starting it again');
        if (failuresAtEnd >= MAX_FAILURES_AT_END) throw finalError(take, error);
        this.#options.onAgain(error);
        const inARow = take.ended ? failuresAtEnd : failures;
        await sleep(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (inARow - 1)), undefined, { signal });
      }
    }
  }

  /** Makes the file of a finished take once, into a stream. Throws {@link FfmpegError}, and destroys the stream then. */
  async pour(recipe: Recipe, output: Writable, signal: AbortSignal): Promise<void> {
    const { take, ffmpegPath, startFfmpeg, log } = this.#options;
    const progress = { read: 0 };
    const input = Readable.from(counted(followTake(take, signal), progress), { objectMode: false });
    input.on('error', () => undefined);
    const process = startFfmpeg({
      ffmpegPath,
      input,
      inputOptions: ['-f', 'flv'],
      outputOptions: recipe({ videoCodec: take.videoCodec }),
      output,
      onLog: (line) => log.debug({ take: take.index, line }, 'FFmpeg says'),
    });
    signal.addEventListener('abort', process.kill, { once: true });
    const over = new AbortController();
    const watched = this.#killWhenStuck(over.signal, {
      process,
      // The store may take its time.
      isBusy: () => !output.writableNeedDrain,
      progress: () => Promise.resolve([progress.read]),
    });
    try {
      await process.done;
      if (!input.readableEnded) throw new FfmpegError('FFmpeg ended before its input did');
    } catch (error) {
      output.destroy(error as Error);
      throw error;
    } finally {
      over.abort();
      input.destroy();
      signal.removeEventListener('abort', process.kill);
      await watched;
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const { take, prepare, ffmpegPath, startFfmpeg, log } = this.#options;
    // There is nothing to write a header with before, and a process that only waits costs memory.
    while (take.tracks === undefined) await abortable(take.changed(), signal);
    const output = await prepare();
    const attempt = new AbortController();
    const either = AbortSignal.any([signal, attempt.signal]);
    const progress = { read: 0 };
    const tags = counted(followTake(take, either), progress);
    const input = Readable.from(tags, { objectMode: false, highWaterMark: 64 * 1024 });
    // Whatever ends the input early ends the process too, and that is where it is reported.
    input.on('error', () => undefined);
    const process = startFfmpeg({
      ffmpegPath,
      input,
      inputOptions: ['-f', 'flv'],
      outputOptions: output.recipe({ videoCodec: take.videoCodec }),
      output: output.path,
      live: !take.ended,
      onLog: (line) => log.debug({ take: take.index, line }, 'FFmpeg says'),
    });
    const abort = (): void => process.kill();
    signal.addEventListener('abort', abort, { once: true });
    const watched = Promise.all([
      this.#killWhenStuck(attempt.signal, {
        process,
        // It may have nothing to do for as long as the publisher is away.
        isBusy: () => take.ended || progress.read < take.size,
        progress: async () => [progress.read, await output.size()],
      }),
      this.#killWhenDamaged(process, attempt.signal, output),
    ]);
    try {
      await process.done;
      if (!input.readableEnded) throw new FfmpegError('FFmpeg ended before its input did');
      const damage = await output.damage?.(true);
      if (damage !== undefined) throw new FfmpegError(damage);
    } finally {
      signal.removeEventListener('abort', abort);
      attempt.abort(new FfmpegError('FFmpeg has ended'));
      // What FFmpeg has left unread would keep the journal open, until the collector finds the file and ends the process.
      input.destroy();
      await watched;
    }
  }

  async #killWhenDamaged(process: FfmpegProcess, over: AbortSignal, { damage }: MuxOutput): Promise<void> {
    if (damage === undefined) return;
    while (true) {
      await pause(LOOK_MS, [over]);
      if (over.aborted) return;
      const found = await damage(false);
      if (found === undefined) continue;
      this.#options.log.error({ take: this.#options.take.index, damage: found }, 'killing FFmpeg');
      process.kill();
      return;
    }
  }

  async #killWhenStuck(over: AbortSignal, what: Omit<StuckOptions, 'onStuck'>): Promise<void> {
    const { take, log, stuckAfterMs } = this.#options;
    const onStuck = (): void => log.error({ take: take.index }, 'FFmpeg does not move any more; killing it');
    await killWhenStuck({ ...what, onStuck, stuckAfterMs }, over);
  }
}

function finalError(take: Take, cause: unknown): Error {
  const what = `FFmpeg can't make a file of take ${take.index}: ${String(cause)}`;
  return DISK_FULL.test(String(cause)) ? new NoRoomError(what, { cause }) : new MuxError(what, { cause });
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
