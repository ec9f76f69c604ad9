import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { JournalError } from '../journal/take-packets.ts';
import type { Take } from '../journal/take.ts';
import { UnmuxableError } from './unmuxable-error.ts';

/** After this many failures on a finished take there is no point in trying again: its input never changes. */
const MAX_FAILURES_AT_END = 5;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5000;
/** In FFmpeg's words and in Node's. */
const DISK_FULL = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

export interface TakeMuxerOptions {
  readonly take: Take;
  /** Makes the file from the take's beginning to its end. Whatever an earlier try has left is of no account. */
  readonly make: (signal: AbortSignal) => Promise<void>;
  /** Called before the file is made again from the start. */
  readonly onAgain: (error: unknown) => void;
  readonly log: Logger;
}

/** No file can be made of the take. The journal still has all of it. */
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
 * Derives the output file from the take, following it while it grows. When that fails, it starts from the take's
 * beginning and makes the same bytes again.
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
    const { take, make, onAgain, log } = this.#options;
    for (let failures = 0, failuresAtEnd = 0; ;) {
      try {
        await make(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        if (take.ended) failuresAtEnd += 1;
        if (failuresAtEnd >= MAX_FAILURES_AT_END || isHopeless(error)) throw finalError(take, error);
        log.warn(
          { take: take.index, failures, error: String(error) },
          'Making the file failed; trying again',
        );
        onAgain(error);
        const inARow = take.ended ? failuresAtEnd : failures;
        await sleep(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (inARow - 1)), undefined, { signal });
      }
    }
  }
}

/** Whether it would fail like this each time. */
export function isHopeless(error: unknown): boolean {
  return error instanceof UnmuxableError || error instanceof JournalError;
}

function finalError(take: Take, cause: unknown): Error {
  const what = `No file can be made of take ${take.index}: ${String(cause)}`;
  return DISK_FULL.test(String(cause)) ? new NoRoomError(what, { cause }) : new MuxError(what, { cause });
}
