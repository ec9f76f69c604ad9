import { AgoraUnavailableError } from '../agora/agora-error.ts';
import type { Converter, MediaPush, PushChanges, PushRequest, Region } from '../agora/media-push.ts';
import type { Clock } from '../runtime/clock.ts';

/** Milliseconds for a new push, which Agora itself takes a while for, tries included. */
const START_MS = 8000;
/** Milliseconds for everything else. */
const ANSWER_MS = 4000;

/**
 * Media Push with a time limit for each verb, tries included: a pass that waits for Agora tells nobody what became of
 * its pod meanwhile. What was given up may have been done all the same; asking again is harmless.
 */
export class BoundedMediaPush implements MediaPush {
  readonly #push: MediaPush;
  readonly #clock: Clock;

  constructor(options: { push: MediaPush; clock: Clock }) {
    this.#push = options.push;
    this.#clock = options.clock;
  }

  async start(request: PushRequest, signal?: AbortSignal): Promise<Converter> {
    return await this.#within(START_MS, signal, (limit) => this.#push.start(request, limit));
  }

  async stop(region: Region, converterId: string, signal?: AbortSignal): Promise<void> {
    await this.#within(ANSWER_MS, signal, (limit) => this.#push.stop(region, converterId, limit));
  }

  async update(
    region: Region,
    converterId: string,
    changes: PushChanges,
    sequence: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#within(ANSWER_MS, signal, (limit) =>
      this.#push.update(region, converterId, changes, sequence, limit),
    );
  }

  async get(region: Region, converterId: string, signal?: AbortSignal): Promise<Converter | undefined> {
    return await this.#within(ANSWER_MS, signal, (limit) => this.#push.get(region, converterId, limit));
  }

  async findByName(name: string, channel?: string, signal?: AbortSignal): Promise<Converter | undefined> {
    return await this.#within(ANSWER_MS, signal, (limit) => this.#push.findByName(name, channel, limit));
  }

  list(signal?: AbortSignal): AsyncIterable<Converter> {
    return this.#push.list(signal);
  }

  async #within<T>(
    ms: number,
    signal: AbortSignal | undefined,
    ask: (limit: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = new AbortController();
    const reason = new AgoraUnavailableError(`Agora did not answer within ${ms / 1000} s`);
    const timer = this.#clock.after(ms, () => late.abort(reason));
    try {
      return await ask(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
    } finally {
      timer.cancel();
    }
  }
}
