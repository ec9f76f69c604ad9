import type { Logger } from 'pino';
import { Backoff } from '../runtime/backoff.ts';
import { sleep } from '../runtime/clock.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseKey } from '../runtime/kube/objects.ts';
import { readLiveStatus } from './live-status.ts';
import type { LiveStatus } from './live-status.ts';
import type { RecorderClient } from './recorder-client.ts';

export interface RecorderWatchersOptions {
  client: RecorderClient;
  clock: Clock;
  /** From 0 up to 1. */
  random: () => number;
  log: Logger;
  /** Called with the recording's key when something was heard. */
  onChange: (key: string) => void;
  /** Seconds after which figures are fetched though nothing happened. */
  figuresSeconds?: number;
}

interface Watcher {
  readonly baseUrl: string;
  readonly recordingId: string;
  readonly stop: AbortController;
  latest: LiveStatus | undefined;
  /** Monotonic milliseconds of the last answer, or of the beginning. */
  heardAt: number;
  /** Fields of which it is logged already that they are ignored. */
  readonly ignored: Set<string>;
}

const FIGURES_SECONDS = 15;

/**
 * One long poll for each recorder that is at work, outside of reconciling: what was heard last is kept here, and the
 * recording's key is queued. Whether a recorder lives is the pod's status to say, not a poll that fails.
 */
export class RecorderWatchers {
  readonly #options: RecorderWatchersOptions;
  readonly #watchers = new Map<string, Watcher>();

  constructor(options: RecorderWatchersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#watchers.size;
  }

  /** Follows the recorder at this URL; harmless to repeat. */
  follow(key: string, baseUrl: string): void {
    const known = this.#watchers.get(key);
    if (known?.baseUrl === baseUrl) return;
    known?.stop.abort();
    const watcher = {
      baseUrl,
      recordingId: parseKey(key).name,
      stop: new AbortController(),
      latest: undefined,
      heardAt: this.#options.clock.monotonic(),
      ignored: new Set<string>(),
    };
    this.#watchers.set(key, watcher);
    void this.#poll(key, watcher);
  }

  /** What the recorder said last. */
  latest(key: string): LiveStatus | undefined {
    return this.#watchers.get(key)?.latest;
  }

  /** Milliseconds since the recorder was last heard; undefined where it is not followed. */
  silentMs(key: string): number | undefined {
    const watcher = this.#watchers.get(key);
    return watcher && this.#options.clock.monotonic() - watcher.heardAt;
  }

  drop(key: string): void {
    this.#watchers.get(key)?.stop.abort();
    this.#watchers.delete(key);
  }

  close(): void {
    for (const key of [...this.#watchers.keys()]) this.drop(key);
  }

  /** Never rejects. */
  async #poll(key: string, watcher: Watcher): Promise<void> {
    const { client, clock, random, log, onChange } = this.#options;
    const { signal } = watcher.stop;
    const backoff = new Backoff({ baseMs: 250, maxMs: 5000, random });
    while (!signal.aborted) {
      const started = clock.monotonic();
      const after = watcher.latest?.version;
      try {
        const body = await client.status({
          baseUrl: watcher.baseUrl,
          after,
          waitSeconds: this.#options.figuresSeconds ?? FIGURES_SECONDS,
          signal,
        });
        const { status: answer, ignored } = readLiveStatus(body, watcher.latest);
        // An address is given to another pod as soon as one is gone.
        if (answer.recordingId !== watcher.recordingId)
          throw new Error(`the recorder of ${answer.recordingId} answers in its place`);
        this.#logIgnored(key, watcher, ignored);
        watcher.latest = answer;
        watcher.heardAt = clock.monotonic();
        backoff.reset();
        if (signal.aborted) return;
        onChange(key);
        // One that does not wait as asked must not have us spin.
        if (watcher.latest.version === after && clock.monotonic() - started < 1000)
          await sleep(clock, 1000, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.debug(
          { key, error: error instanceof Error ? error.message : String(error) },
          'recorder does not answer',
        );
        // A recorder that was started again counts its versions anew.
        if (watcher.latest) watcher.latest = { ...watcher.latest, version: 0 };
        await sleep(clock, backoff.next(), signal).catch(() => undefined);
      }
    }
  }

  /** Once for each field: it is in every answer. */
  #logIgnored(key: string, watcher: Watcher, ignored: Readonly<Record<string, string>>): void {
    const fields = Object.fromEntries(
      Object.entries(ignored).filter(([field]) => !watcher.ignored.has(field)),
    );
    if (Object.keys(fields).length === 0) return;
    for (const field of Object.keys(fields)) watcher.ignored.add(field);
    this.#options.log.warn({ key, fields }, "Fields of the recorder's status are not valid and are ignored");
  }
}
