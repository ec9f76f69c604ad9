import type { Logger } from 'pino';
import type { Take } from '../journal/take.ts';
import { abortable } from '../support/abortable.ts';
import type { RecorderMetrics } from '../metrics.ts';
import type { UploadReport } from '../upload/take-uploader.ts';
import type { UploadLoopOptions } from '../upload/upload-loop.ts';
import { renditionOf } from './renditions/renditions.ts';
import type { Rendition, RenditionOptions, SavedTake, StoredFile } from './renditions/rendition.ts';
import type { StatusBoard } from './status-board.ts';
import { TakePipeline } from './take-pipeline.ts';
import { TakeSlots } from './take-slots.ts';

export interface TakePipelinesOptions extends Omit<RenditionOptions, 'patience'> {
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
  readonly #reports = new Map<number, () => UploadReport>();
  readonly #uploaded = new Map<number, number>();
  readonly #unfinished = new Set<number>();
  readonly #cancel = new AbortController();
  readonly #slots = new TakeSlots();
  #troubledSince: number | undefined;

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

  start(take: Take): void {
    this.#unfinished.add(take.index);
    const saved = this.#run(take);
    // Whoever waits for the files is told.
    saved.catch(() => undefined);
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

  /** Undefined for a take of which the disk has taken nothing. */
  async #run(take: Take): Promise<SavedTake | undefined> {
    const { board, metrics, log } = this.#options;
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
      onAgain: (error) => board.set({ message: String(error) }),
    });
    const pipeline = new TakePipeline({ ...job, log, onMuxed: () => this.#muxed(take) });
    this.#reports.set(take.index, () => pipeline.report);
    return await pipeline.run(signal);
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
        board.set({ message });
      },
    };
  }
}
