import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { followTake } from '../journal/follow-take.ts';
import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';
import { FfmpegError } from './ffmpeg.ts';
import type { Recipe } from './recipes.ts';

/** After this many failures on a finished take there is no point in trying again: its input never changes. */
const MAX_FAILURES_AT_END = 5;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5000;
/** An FFmpeg that has neither read nor written anything for this long, in ms, with its input all there, hangs. */
const STUCK_AFTER_MS = 60_000;
const LOOK_MS = 5000;
/** In FFmpeg's words and in Node's. */
const DISK_FULL = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

/** Where an attempt writes to. */
export interface MuxOutput {
  readonly path: string;
  readonly recipe: Recipe;
  /** Bytes written so far. */
  readonly size: () => Promise<number>;
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
}

/** FFmpeg has failed on a finished take again and again. The journal still has all of it. */
export class MuxError extends Error {
  readonly code = 'MuxFailed';
  override readonly name = 'MuxError';
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

  /** Returns when the output is finished. Throws {@link MuxError}, or the signal's reason when it is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { take, log } = this.#options;
    for (let failures = 0, failuresAtEnd = 0; ;) {
      try {
        await this.#attempt(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        // A full disk is waited for: somebody else may have filled it.
        if (take.ended && !DISK_FULL.test(String(error))) failuresAtEnd += 1;
        log.warn({ take: take.index, failures, error: String(error) }, 'FFmpeg failed; starting it again');
        if (failuresAtEnd >= MAX_FAILURES_AT_END) {
          throw new MuxError(`FFmpeg can't make a file of take ${take.index}: ${String(error)}`, {
            cause: error,
          });
        }
        this.#options.onAgain(error);
        const inARow = take.ended ? Math.max(1, failuresAtEnd) : failures;
        await sleep(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (inARow - 1)), undefined, { signal });
      }
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
      onLog: (line) => log.debug({ take: take.index, line }, 'FFmpeg says'),
    });
    const abort = (): void => process.kill();
    signal.addEventListener('abort', abort, { once: true });
    const watched = this.#killWhenStuck(process, attempt.signal, async () => [
      progress.read,
      await output.size(),
    ]);
    try {
      await process.done;
      if (!input.readableEnded) throw new FfmpegError('FFmpeg ended before its input did');
    } finally {
      signal.removeEventListener('abort', abort);
      attempt.abort(new FfmpegError('FFmpeg has ended'));
      await watched;
    }
  }

  /** Once the take has ended: until then it may have nothing to do for as long as the publisher is away. */
  async #killWhenStuck(
    process: FfmpegProcess,
    over: AbortSignal,
    progress: () => Promise<readonly number[]>,
  ): Promise<void> {
    const { take, log } = this.#options;
    try {
      while (!take.ended) await abortable(take.changed(), over);
      let seen = '';
      for (let still = 0; still < STUCK_AFTER_MS; still += LOOK_MS) {
        const now = String(await progress());
        if (now !== seen) still = 0;
        seen = now;
        await sleep(LOOK_MS, undefined, { signal: over });
      }
    } catch (error) {
      // The usual way out: FFmpeg was done before.
      if (over.aborted) return;
      throw error;
    }
    log.error({ take: take.index }, 'FFmpeg does not move any more; killing it');
    process.kill();
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
