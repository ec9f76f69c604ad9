import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../../bench/recorder/process-tree.ts';

const EVERY_MS = 200;

/** The most that there was of something at a time. */
export interface Peaks {
  /** Takes that had ended and of which something was being sent. */
  readonly endedTakes: number;
  /** Resident memory of the recorder and what it has started, in bytes; pages that they share count for each. */
  readonly memoryBytes: number;
  readonly processes: number;
}

/**
 * Watches a recorder from outside: its requests to S3, and its memory by what the kernel counts anyway, which costs the
 * recorder nothing.
 */
export class TakesWatch implements AsyncDisposable {
  readonly #open = new Set<number>();
  readonly #stop = new AbortController();
  readonly #sampling: Promise<void>;
  #peaks: Peaks = { endedTakes: 0, memoryBytes: 0, processes: 0 };

  /** @param pid of the recorder that there is now */
  constructor(pid: () => number) {
    this.#sampling = this.#sample(pid);
  }

  get peaks(): Peaks {
    return this.#peaks;
  }

  /** @param takes how many there are: the last one of them has not ended */
  observe({ method, path }: { readonly method: string; readonly path: string }, takes: number): void {
    const take = Number(/-take([0-9]+)\.[a-z0-9]+\?/.exec(path)?.[1] ?? 1);
    if (method === 'POST' && path.includes('uploadId=')) this.#open.delete(take);
    else if (path.includes('partNumber=') || path.includes('uploads')) this.#open.add(take);
    const ended = [...this.#open].filter((open) => open < takes).length;
    this.#peaks = { ...this.#peaks, endedTakes: Math.max(this.#peaks.endedTakes, ended) };
  }

  /** What a killed recorder was at is not under way any more. */
  restarted(): void {
    this.#open.clear();
  }

  async #sample(pid: () => number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { rssBytes, processes } = await usageOf(pid());
      const { memoryBytes, processes: most } = this.#peaks;
      this.#peaks = {
        ...this.#peaks,
        memoryBytes: Math.max(memoryBytes, rssBytes),
        processes: Math.max(most, processes),
      };
      await sleep(EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sampling;
  }
}
