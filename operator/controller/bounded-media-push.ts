import { AgoraUnavailableError } from '../agora/agora-error.ts';
import type { Converter, MediaPush, PushChanges, PushRequest, Region } from '../agora/media-push.ts';
import type { Clock } from '../runtime/clock.ts';
import { PushBusyError } from './push-busy.ts';
import { Turns } from './turns.ts';

/** Milliseconds for a new push, which Agora itself takes a while for, tries included. */
const START_MS = 8000;
/** Milliseconds for everything else. */
const ANSWER_MS = 4000;
/** Of all workers, how many may wait for new pushes, and for everything else: the others go on when Agora hangs. */
const STARTS = 0.5;
const OTHERS = 0.3;

export interface BoundedMediaPushOptions {
  push: MediaPush;
  /** How many passes there may be at a time. */
  workers: number;
  /** Called with the keys of recordings whose turn to ask Agora may have come. */
  wake: (key: string) => void;
  clock: Clock;
}

/**
 * Media Push with a time limit for each verb, tries included: a pass that waits for Agora tells nobody what became of
 * its pod meanwhile. What was given up may have been done all the same; asking again is harmless. And only some of the
 * workers wait for it at a time, for new pushes and for everything else apart, so that one that hangs does not keep the
 * other from its turn: beyond that, every method throws PushBusyError, and Agora is not asked.
 */
export class BoundedMediaPush implements MediaPush {
  readonly #push: MediaPush;
  readonly #clock: Clock;
  readonly #starts: Turns;
  readonly #others: Turns;

  constructor({ push, clock, workers, wake }: BoundedMediaPushOptions) {
    this.#push = push;
    this.#clock = clock;
    this.#starts = new Turns({ limit: Math.max(1, Math.floor(workers * STARTS)), wake });
    this.#others = new Turns({ limit: Math.max(1, Math.floor(workers * OTHERS)), wake });
  }

  async start(request: PushRequest, signal?: AbortSignal): Promise<Converter> {
    return await this.#within(this.#starts, START_MS, signal, (limit) => this.#push.start(request, limit));
  }

  async stop(region: Region, converterId: string, signal?: AbortSignal): Promise<void> {
    await this.#within(this.#others, ANSWER_MS, signal, (limit) =>
      this.#push.stop(region, converterId, limit),
    );
  }

  async update(
    region: Region,
    converterId: string,
    changes: PushChanges,
    sequence: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#within(this.#others, ANSWER_MS, signal, (limit) =>
      this.#push.update(region, converterId, changes, sequence, limit),
    );
  }

  async get(region: Region, converterId: string, signal?: AbortSignal): Promise<Converter | undefined> {
    return await this.#within(this.#others, ANSWER_MS, signal, (limit) =>
      this.#push.get(region, converterId, limit),
    );
  }

  async findByName(name: string, channel?: string, signal?: AbortSignal): Promise<Converter | undefined> {
    return await this.#within(this.#others, ANSWER_MS, signal, (limit) =>
      this.#push.findByName(name, channel, limit),
    );
  }

  /** For a sweep, which no worker waits for: neither limit holds. */
  list(signal?: AbortSignal): AsyncIterable<Converter> {
    return this.#push.list(signal);
  }

  async #within<T>(
    turns: Turns,
    ms: number,
    signal: AbortSignal | undefined,
    ask: (limit: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (!turns.take()) throw new PushBusyError(turns);
    const late = new AbortController();
    const reason = new AgoraUnavailableError(`Agora did not answer within ${ms / 1000} s`);
    const timer = this.#clock.after(ms, () => late.abort(reason));
    try {
      return await ask(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
    } finally {
      timer.cancel();
      turns.giveBack();
    }
  }
}
