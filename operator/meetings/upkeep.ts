import { setTimeout as sleep } from 'node:timers/promises';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { ChannelPoll } from './channel-poll.ts';
import type { ChannelWatch } from './channel-watch.ts';
import type { Projection } from './projection.ts';
import type { Retention } from './retention.ts';
import type { Sweep } from './sweep.ts';

interface UpkeepOptions {
  readonly sweep: Sweep;
  readonly projection: Projection;
  /** Every object there is, once that is known. */
  readonly objects: () => Promise<readonly MeetingRecording[]>;
  readonly onError: (error: unknown) => void;
  readonly sweepIntervalMs?: number;
  readonly resyncIntervalMs?: number;
  readonly channels?: Pick<ChannelWatch, 'run'> | undefined;
  /** Absent where Agora is not asked. */
  readonly poll?: Pick<ChannelPoll, 'run'> | undefined;
  /** Absent where files are kept. */
  readonly retention?: Retention | undefined;
  readonly retentionIntervalMs?: number;
}

/** How much later than its grace a meeting may end. */
const CHANNELS_MS = 15_000;
/** Between looks whether it is time for Agora to be asked. */
const POLL_MS = 1000;

/**
 * What keeps the database right whatever was missed: at the start and every 5 minutes all objects are projected again,
 * at the start and every minute what was left half done is finished. Runs in every replica; they don't disturb one
 * another.
 */
export class Upkeep {
  readonly #options: UpkeepOptions;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Runs until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { sweep, sweepIntervalMs = 60_000, resyncIntervalMs = 300_000 } = this.#options;
    const { channels, poll, retention, retentionIntervalMs = 3_600_000 } = this.#options;
    await Promise.all([
      this.#repeat(sweepIntervalMs, signal, () => sweep.run(signal)),
      this.#repeat(Math.min(sweepIntervalMs, CHANNELS_MS), signal, async () => channels?.run(signal)),
      ...(poll === undefined ? [] : [this.#repeat(POLL_MS, signal, () => poll.run(signal))]),
      this.#repeat(retentionIntervalMs, signal, async () => retention?.run(signal)),
      this.#repeat(resyncIntervalMs, signal, () => this.#resync(signal)),
    ]);
  }

  async #resync(signal: AbortSignal): Promise<void> {
    await this.#options.projection.resync(await this.#options.objects(), signal);
  }

  async #repeat(intervalMs: number, signal: AbortSignal, job: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await job();
        await sleep(intervalMs, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError(error);
        // Whatever was away may be back soon: a whole interval would be long.
        await sleep(Math.min(intervalMs, 5000), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
