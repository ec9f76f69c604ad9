import type { Logger } from 'pino';
import { abortReason } from './clock.ts';
import type { Clock, Timer } from './clock.ts';
import type { LeaderElection } from './leader-election.ts';

/** Something that fills a cache until it is told to stop: an informer. */
export interface Source {
  run(signal: AbortSignal): Promise<void>;
  synced(signal: AbortSignal): Promise<void>;
  readonly hasSynced: boolean;
}

/** Something that acts: a controller. It stops taking work at `signal` and breaks off what it does at `abort`. */
export interface Runnable {
  run(signal: AbortSignal, abort: AbortSignal): Promise<void>;
}

export interface ManagerOptions {
  sources: readonly Source[];
  controllers: readonly Runnable[];
  /** Absent: this process is the only one. */
  election?: LeaderElection | undefined;
  /** Called once the caches are full, also in a process that waits to lead. */
  onFull?: () => void;
  /** Called once the caches are full and the lease is held, before the first worker starts. */
  beforeWork?: () => void;
  clock: Clock;
  log: Logger;
  /** How long work under way may take after a shutdown has begun; milliseconds. */
  gracefulShutdownMs?: number;
}

/**
 * Starts and stops everything in order: caches first, also in a process that waits to lead; when they are full, the
 * lease, so that one that can't fill its caches never keeps it from one that can; then the workers. On shutdown the
 * workers end what they are doing, then the caches stop and the lease is given back.
 */
export class Manager {
  readonly #options: ManagerOptions;
  #active = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  /** Why it is not ready: a standby with full caches is. */
  unready(): string | undefined {
    return this.#options.sources.every((source) => source.hasSynced)
      ? undefined
      : 'the caches are not filled yet';
  }

  /** Whether its controllers are at work. */
  get active(): boolean {
    return this.#active;
  }

  /** Resolves after `signal` was aborted and everything has stopped; rejects when leadership was lost. */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    const { sources, election } = this.#options;
    const stopSources = new AbortController();
    const running = sources.map((source) => source.run(stopSources.signal));
    try {
      const full = this.#full(signal);
      await (election?.acquire(signal, full) ?? full);
      this.#options.beforeWork?.();
      await this.#lead(signal);
    } catch (error) {
      if (!signal.aborted || error !== abortReason(signal)) throw error;
    } finally {
      stopSources.abort();
      await Promise.all(running);
      await election?.release();
    }
  }

  async #full(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#options.sources.map((source) => source.synced(signal)));
    this.#options.onFull?.();
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { controllers, election, clock, log, gracefulShutdownMs = 20_000 } = this.#options;
    const abort = new AbortController();
    const lost = new AbortController();
    const stop = AbortSignal.any([signal, lost.signal]);
    const holding = new AbortController();
    const hold = election?.hold(holding.signal).catch((error: unknown) => {
      log.error('leadership lost, stopping');
      // Whoever leads now must not meet us in the middle of something.
      abort.abort(error);
      lost.abort(error);
    });
    let patience: Timer | undefined;
    const shutdown = () => {
      log.info('stopping');
      patience = clock.after(gracefulShutdownMs, () =>
        abort.abort(new Error('The time for a graceful shutdown is over')),
      );
    };
    if (signal.aborted) shutdown();
    else signal.addEventListener('abort', shutdown, { once: true });
    this.#active = true;
    await Promise.all(controllers.map((controller) => controller.run(stop, abort.signal)));
    this.#active = false;
    signal.removeEventListener('abort', shutdown);
    patience?.cancel();
    holding.abort();
    await hold;
    if (lost.signal.aborted) throw abortReason(lost.signal);
  }
}
