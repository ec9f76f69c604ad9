import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { followTake } from '../journal/follow-take.ts';
import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';
import type { FfmpegProcess, RemuxOptions } from './ffmpeg.ts';
import { FfmpegError } from './ffmpeg.ts';

/** After this many failures on a finished take there is no point in trying again: its input never changes. */
const MAX_FAILURES_AT_END = 5;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5000;
/** What FFmpeg may take for the rest of a finished take: a fixed part, and the take's bytes at a slow disk's pace. */
const FINISH_BASE_MS = 60_000;
const FINISH_BYTES_PER_MS = 5000;

export interface TakeMuxerOptions {
  readonly take: Take;
  readonly output: string;
  readonly ffmpegPath: string;
  readonly remux: (options: RemuxOptions) => FfmpegProcess;
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
        if (take.ended) failuresAtEnd += 1;
        log.warn({ take: take.index, failures, error: String(error) }, 'FFmpeg failed; starting it again');
        if (failuresAtEnd >= MAX_FAILURES_AT_END) {
          throw new MuxError(`FFmpeg can't make a file of take ${take.index}: ${String(error)}`, {
            cause: error,
          });
        }
        this.#options.onAgain(error);
        const inARow = take.ended ? failuresAtEnd : failures;
        await sleep(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (inARow - 1)), undefined, { signal });
      }
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const { take, output, ffmpegPath, remux, log } = this.#options;
    // There is nothing to write a header with before, and a process that only waits costs memory.
    while (take.tracks === undefined) await abortable(take.changed(), signal);
    // An FFmpeg that outlived a killed recorder may still be writing: it keeps the old file, and nobody sees it.
    await rm(output, { force: true });
    const attempt = new AbortController();
    const either = AbortSignal.any([signal, attempt.signal]);
    const input = Readable.from(followTake(take, either), { objectMode: false, highWaterMark: 64 * 1024 });
    // Whatever ends the input early ends the process too, and that is where it is reported.
    input.on('error', () => undefined);
    const onLog = (line: string): void => log.debug({ take: take.index, line }, 'FFmpeg says');
    const process = remux({ ffmpegPath, input, output, onLog });
    const abort = (): void => process.kill();
    signal.addEventListener('abort', abort, { once: true });
    const limit = this.#killWhenLate(process, attempt.signal);
    try {
      await process.done;
      if (!input.readableEnded) throw new FfmpegError('FFmpeg ended before its input did');
    } finally {
      signal.removeEventListener('abort', abort);
      attempt.abort(new FfmpegError('FFmpeg has ended'));
      await limit;
    }
  }

  async #killWhenLate(process: FfmpegProcess, over: AbortSignal): Promise<void> {
    const { take, log } = this.#options;
    try {
      while (!take.ended) await abortable(take.changed(), over);
      await sleep(FINISH_BASE_MS + take.size / FINISH_BYTES_PER_MS, undefined, { signal: over });
    } catch (error) {
      // The usual way out: FFmpeg was done before.
      if (over.aborted) return;
      throw error;
    }
    log.error({ take: take.index }, 'FFmpeg does not finish; killing it');
    process.kill();
  }
}
