import { setTimeout as sleep } from 'node:timers/promises';
import type { RecorderState, RecorderStatus } from '../contract/status.ts';
import type { EarlierRuns } from '../supervision.ts';

/** What a recorder may have trouble with, and goes on trying. */
export type Troubled = 'disk' | 'journal' | 'output' | 'upload';

/** What people wait for: a change of any of these is a new version. */
export interface Headline {
  readonly state: RecorderState;
  readonly publisher?: { readonly address: string; readonly connectedAt: string } | undefined;
  readonly takes: number;
  readonly troubles: Readonly<Partial<Record<Troubled, string | undefined>>>;
}

/** What changes all the time. */
export type Figures = Omit<RecorderStatus, 'recordingId' | 'version' | keyof Headline | keyof EarlierRuns>;

/** The recorder's status, for all who ask and all who wait for it to change. */
export class StatusBoard {
  readonly #recordingId: string;
  readonly #earlier: EarlierRuns;
  #headline: Headline = { state: 'waiting', takes: 0, troubles: {} };
  #figures: () => Figures = () => NOTHING_YET;
  #version: number;
  #changed = Promise.withResolvers<void>();

  constructor(options: { readonly recordingId: string; readonly earlier?: EarlierRuns }) {
    const { recordingId, earlier = { restarts: 0 } } = options;
    this.#recordingId = recordingId;
    this.#earlier = earlier;
    // Who asks from the beginning, because the one before has not answered, is told of that at once.
    this.#version = earlier.restarts;
  }

  get state(): RecorderState {
    return this.#headline.state;
  }

  /** Where the figures come from when somebody asks. */
  measure(figures: () => Figures): void {
    this.#figures = figures;
  }

  set(change: Partial<Headline>): void {
    const next = { ...this.#headline, ...change };
    const same = JSON.stringify(next) === JSON.stringify(this.#headline);
    this.#headline = next;
    if (same) return;
    this.#version += 1;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** What it has trouble with, for people, and undefined once that is over. */
  trouble(troubled: Troubled, message: string | undefined): void {
    this.set({ troubles: { ...this.#headline.troubles, [troubled]: message } });
  }

  current(): RecorderStatus {
    const { state, takes, publisher, troubles } = this.#headline;
    const messages = Object.values(troubles).filter((message) => message !== undefined);
    const { restarts, lastTermination } = this.#earlier;
    return {
      recordingId: this.#recordingId,
      state,
      version: this.#version,
      takes,
      ...this.#figures(),
      restarts,
      ...(lastTermination === undefined ? {} : { lastTermination }),
      ...(publisher === undefined ? {} : { publisher }),
      ...(messages.length === 0 ? {} : { message: messages.join('. ') }),
    };
  }

  /**
   * Returns once the version is another than `after`, or after `ms`. Another, not a higher one: a recorder that was
   * started again counts from its number of restarts.
   */
  async change(after: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#version !== after) return;
    const over = new AbortController();
    const timer = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(
      () => undefined,
    );
    await Promise.race([this.#changed.promise, timer]);
    over.abort();
  }
}

const NOTHING_YET: Figures = {
  durationSeconds: 0,
  bytesReceived: 0,
  bytesUploaded: 0,
  bytesSpooled: 0,
  bytesFree: 0,
  bitrateKbps: 0,
  fps: 0,
};
