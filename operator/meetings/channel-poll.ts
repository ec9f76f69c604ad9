import type { ChannelPerson } from './channel-look.ts';

/** What came of asking Agora who is in a channel. */
export type ChannelLook =
  | { readonly people: readonly ChannelPerson[] }
  | {
      readonly trouble: unknown;
      /** Agora refuses to tell of this channel; others may be asked for all the same. */
      readonly isOfChannel: boolean;
      /** Milliseconds that Agora wants to be left alone. */
      readonly retryAfterMs?: number | undefined;
    };

interface ChannelPollOptions {
  /** Asks Agora, within a time limit. Rejects only when it is told to stop. */
  readonly look: (channel: string, signal: AbortSignal) => Promise<ChannelLook>;
  readonly watch: {
    readonly looked: (channel: string, people: readonly ChannelPerson[], askedAt: Date) => Promise<void>;
  };
  /** Channels that are being recorded; undefined while that is not known. */
  readonly recorded: () => Iterable<string> | undefined;
  /** Channels whose meetings are recorded as soon as they begin. */
  readonly awaited: () => Promise<readonly string[]>;
  /** Whether it is for this process to ask, for so many milliseconds from now on. */
  readonly hold: (ms: number) => Promise<boolean>;
  /** Milliseconds between two looks at a channel. */
  readonly intervalMs: number;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told once, when Agora begins to fail. */
  readonly onTrouble: (trouble: unknown) => void;
  readonly onRecovered: () => void;
  /** Told of channels whose look could not be acted on: the next one is. */
  readonly onError: (error: unknown, channel: string) => void;
}

/** Milliseconds between two questions: a quarter of what Agora answers for an account. */
const PACE_MS = 200;
/** Of a round's looks, so much is for channels that are being recorded, where there are too many. */
const RECORDED_SHARE = 0.75;
const LONGEST_PAUSE_MS = 5 * 60 * 1000;
/** Milliseconds beyond the interval after which another replica takes over. */
const SPARE_MS = 30_000;

/**
 * Asks Agora who is in the channels that matter, for where its webhooks get lost. Rounds are bounded: where there are
 * more channels than can be asked for in an interval, those that were looked at the longest ago come first.
 */
export class ChannelPoll {
  readonly #options: ChannelPollOptions;
  /** When each channel was looked at, in Unix milliseconds. */
  #lookedAt = new Map<string, number>();
  #nextAt = 0;
  #troubles = 0;

  constructor(options: ChannelPollOptions) {
    this.#options = options;
  }

  /** One round, if it is time for one. Never rejects because of Agora. */
  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs, now, sleep, hold } = this.#options;
    const startedAt = now().getTime();
    if (startedAt < this.#nextAt) return;
    this.#nextAt = startedAt + intervalMs;
    if (!(await hold(intervalMs + SPARE_MS))) return;
    for (const channel of await this.#due()) {
      signal.throwIfAborted();
      if (now().getTime() - startedAt > intervalMs || !(await this.#lookAt(channel, signal))) return;
      await sleep(PACE_MS, signal);
    }
  }

  /** Whether the round goes on. */
  async #lookAt(channel: string, signal: AbortSignal): Promise<boolean> {
    const { look, watch, now, onError } = this.#options;
    const askedAt = now();
    this.#lookedAt.set(channel, askedAt.getTime());
    const found = await look(channel, signal);
    if (!('people' in found)) return this.#isSparedBy(found, channel);
    if (this.#troubles > 0) this.#options.onRecovered();
    this.#troubles = 0;
    try {
      await watch.looked(channel, found.people, askedAt);
    } catch (error) {
      onError(error, channel);
    }
    return true;
  }

  #isSparedBy(
    { trouble, isOfChannel, retryAfterMs = 0 }: Extract<ChannelLook, { trouble: unknown }>,
    channel: string,
  ): boolean {
    const { intervalMs, now, onTrouble, onError } = this.#options;
    if (isOfChannel) {
      onError(trouble, channel);
      return true;
    }
    this.#troubles += 1;
    if (this.#troubles === 1) onTrouble(trouble);
    const pauseMs = Math.min(intervalMs * 2 ** (this.#troubles - 1), Math.max(intervalMs, LONGEST_PAUSE_MS));
    this.#nextAt = now().getTime() + Math.max(pauseMs, retryAfterMs);
    return false;
  }

  async #due(): Promise<string[]> {
    const { recorded, awaited, intervalMs } = this.#options;
    const running = recorded();
    // Who does not know what is recorded would look at the wrong ones.
    if (running === undefined) return [];
    const first = this.#oldestFirst(running);
    const isRunning = new Set(first);
    const others = this.#oldestFirst(await awaited()).filter((channel) => !isRunning.has(channel));
    const all = new Set([...first, ...others]);
    this.#lookedAt = new Map([...this.#lookedAt].filter(([channel]) => all.has(channel)));
    const most = Math.max(1, Math.floor(intervalMs / PACE_MS));
    const share = Math.max(Math.floor(most * RECORDED_SHARE), most - others.length, 1);
    return [...first.slice(0, share), ...others].slice(0, most);
  }

  #oldestFirst(channels: Iterable<string>): string[] {
    const lookedAt = (channel: string): number => this.#lookedAt.get(channel) ?? 0;
    return [...new Set(channels)].toSorted((a, b) => lookedAt(a) - lookedAt(b));
  }
}
