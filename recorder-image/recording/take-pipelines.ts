import type { Logger } from 'pino';
import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';
import { pause } from '../support/pause.ts';
import type { RecorderMetrics } from '../metrics.ts';
import type { UploadReport } from '../upload/take-uploader.ts';
import { isOfTheWorld } from '../upload/upload-loop.ts';
import type { UploadLoopOptions } from '../upload/upload-loop.ts';
import type { ReleasedTakes } from './released-takes.ts';
import { renditionOf } from './renditions/renditions.ts';
import type { Rendition, RenditionOptions, SavedTake, StoredFile } from './renditions/rendition.ts';
import type { StatusBoard } from './status-board.ts';
import { TakePipeline } from './take-pipeline.ts';
import { TakeSlots } from './take-slots.ts';

/** How often a take that has ended is tried once more when the disk fails, and how long it waits for that, in ms. */
const MAX_FAILURES_AT_END = 5;
const AGAIN_MS = 2000;

export interface TakePipelinesOptions extends Omit<RenditionOptions, 'patience'> {
  readonly released: ReleasedTakes;
  readonly board: StatusBoard;
  readonly metrics: RecorderMetrics;
  readonly log: Logger;
  readonly random: () => number;
  /** Unix time in ms. */
  readonly now: () => number;
}

/** The pipelines of all takes, side by side: a take that has ended may still be uploading while the next one comes in. */
export class TakePipelines {
  /** For whatever else is uploaded. */
  readonly patience: Omit<UploadLoopOptions, 'log'>;
  readonly #options: TakePipelinesOptions;
  readonly #rendition: Rendition;
  readonly #takes: Take[] = [];
  readonly #saved: Promise<SavedTake | undefined>[] = [];
  readonly #finished = new Map<Take, SavedTake>();
  readonly #reports = new Map<number, () => UploadReport>();
  readonly #uploaded = new Map<number, number>();
  readonly #unfinished = new Set<number>();
  readonly #cancel = new AbortController();
  readonly #slots = new TakeSlots();
  #troubledSince: number | undefined;
  /** Said as long as there is nothing worse. */
  #reupload: string | undefined;

  constructor(options: TakePipelinesOptions) {
    this.#options = options;
    this.patience = this.#patience();
    this.#rendition = renditionOf({ ...options, patience: this.patience });
  }

  /** Bytes that S3 holds of all files. */
  get bytesUploaded(): number {
    return [...this.#uploaded.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Of each take's upload, in order. */
  get uploads(): UploadReport[] {
    return [...this.#reports.entries()].sort(([a], [b]) => a - b).map(([, report]) => report());
  }

  /** Whether a file is still being made. */
  get muxing(): boolean {
    return this.#unfinished.size > 0;
  }

  /** What the store has of a take; undefined as long as it does not have all of it. */
  savedOf(take: Take): SavedTake | undefined {
    return this.#finished.get(take);
  }

  start(take: Take): void {
    this.#unfinished.add(take.index);
    const saved = this.#persistently(take);
    // Whoever waits for the files is told, and until then whoever looks.
    saved.catch((error: unknown) => {
      if (this.#cancel.signal.aborted) return;
      this.#options.log.error({ error, take: take.index }, 'the take can not be brought to the object store');
      this.#options.board.trouble('output', String(error));
    });
    this.#takes.push(take);
    this.#saved.push(saved);
  }

  /** How long, in ms, the upload has failed to move; 0 while it moves or has nothing to send. */
  uploadLagMs(now: number): number {
    return this.#troubledSince === undefined ? 0 : now - this.#troubledSince;
  }

  /** Ends what is still running, for when nobody waits for the files any more. */
  cancel(): void {
    this.#cancel.abort(new Error('the recorder has ended'));
  }

  /** What the recording consists of, once S3 has confirmed all of it. Throws what the first pipeline that failed threw. */
  async finished(): Promise<readonly StoredFile[]> {
    try {
      const saved = (await Promise.all(this.#saved)).filter((take) => take !== undefined);
      const takes = this.#takes.filter((take) => take.hasMedia);
      return await this.#rendition.seal(saved, takes, this.#cancel.signal);
    } catch (error) {
      this.cancel();
      await Promise.allSettled(this.#saved);
      throw error;
    }
  }

  /** A disk that fails is no reason to leave a take alone before it has ended, nor for some tries after that. */
  async #persistently(take: Take): Promise<SavedTake | undefined> {
    const { board, log } = this.#options;
    const { signal } = this.#cancel;
    for (let failuresAtEnd = 0; ;) {
      try {
        return await this.#run(take);
      } catch (error) {
        signal.throwIfAborted();
        if (take.ended) failuresAtEnd += 1;
        if (!isOfTheWorld(error) || failuresAtEnd >= MAX_FAILURES_AT_END) throw error;
        log.warn({ error, take: take.index }, 'what is made of the take failed; trying again');
        board.trouble('output', String(error));
        await pause(AGAIN_MS, [signal]);
      }
    }
  }

  /** Undefined for a take of which the disk has taken nothing. */
  async #run(take: Take): Promise<SavedTake | undefined> {
    const { board, metrics, released, log } = this.#options;
    const { signal } = this.#cancel;
    // There is nothing to write a header with before its tracks have settled.
    while (!take.ended && (!take.hasMedia || take.tracks === undefined))
      await abortable(take.changed(), signal);
    if (!take.hasMedia) {
      this.#muxed(take);
      return undefined;
    }
    using _slot = await this.#slots.enter(take, signal);
    const job = await this.#rendition.openTake(take, {
      onProgress: (bytes) => {
        this.#uploaded.set(take.index, bytes);
        metrics.uploadedBytes.set(this.bytesUploaded);
      },
      onAgain: (error) => board.trouble('output', String(error)),
    });
    const pipeline = new TakePipeline({ ...job, log, onMuxed: () => this.#muxed(take) });
    this.#reports.set(take.index, () => pipeline.report);
    const saved = released.savedOf(take.index) ?? (await pipeline.run(signal));
    this.#muxed(take);
    board.trouble('output', undefined);
    this.#finished.set(take, saved);
    return saved;
  }

  #muxed(take: Take): void {
    const { board } = this.#options;
    this.#unfinished.delete(take.index);
    if (!this.muxing && board.state === 'finishing') board.set({ state: 'uploading' });
  }

  #patience(): Omit<UploadLoopOptions, 'log'> {
    const { config, board, metrics, random, now } = this.#options;
    return {
      giveUpAfterMs: config.upload.giveUpAfterMs,
      random,
      onTrouble: (message) => {
        if (message !== undefined) metrics.uploadRetries.inc();
        this.#troubledSince = message === undefined ? undefined : (this.#troubledSince ?? now());
        board.trouble('upload', message ?? this.#reupload);
      },
      onReupload: (why) => {
        metrics.reuploads.inc();
        this.#reupload = `The store has lost what was sent (${why}): all of it is sent again`;
      },
    };
  }
}
