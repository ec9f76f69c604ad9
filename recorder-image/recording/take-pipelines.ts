import type { Logger } from 'pino';
import type { RecorderConfig } from '../config.ts';
import type { Take } from '../journal/take.ts';
import type { RecorderMetrics } from '../metrics.ts';
import { remuxToMp4 } from '../mux/ffmpeg.ts';
import { TakeMuxer } from '../mux/take-muxer.ts';
import type { Spool } from '../spool/spool.ts';
import { openFileUploader } from '../upload/file-uploader.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import { partSizeFor } from '../upload/part-plan.ts';
import type { UploadedFile } from '../upload/upload-state.ts';
import { takeKey } from './object-key.ts';
import type { StatusBoard } from './status-board.ts';
import { TakePipeline } from './take-pipeline.ts';

const CONTENT_TYPE = 'video/mp4';

export interface TakePipelinesOptions {
  readonly config: RecorderConfig;
  readonly spool: Spool;
  readonly store: ObjectStore;
  readonly board: StatusBoard;
  readonly metrics: RecorderMetrics;
  readonly log: Logger;
  readonly random: () => number;
  /** Unix time in ms. */
  readonly now: () => number;
}

/** The pipelines of all takes, side by side: a take that has ended may still be uploading while the next one comes in. */
export class TakePipelines {
  readonly #options: TakePipelinesOptions;
  readonly #files: Promise<UploadedFile>[] = [];
  readonly #uploaded = new Map<number, number>();
  readonly #cancel = new AbortController();
  #unfinished = 0;
  #troubledSince: number | undefined;

  constructor(options: TakePipelinesOptions) {
    this.#options = options;
  }

  /** Bytes that S3 holds of all files. */
  get bytesUploaded(): number {
    return [...this.#uploaded.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Whether a file is still being made. */
  get muxing(): boolean {
    return this.#unfinished > 0;
  }

  start(take: Take): void {
    this.#unfinished += 1;
    const file = this.#run(take);
    // Whoever waits for the files is told.
    file.catch(() => undefined);
    this.#files.push(file);
  }

  /** How long, in ms, the upload has failed to move; 0 while it moves or has nothing to send. */
  uploadLagMs(now: number): number {
    return this.#troubledSince === undefined ? 0 : now - this.#troubledSince;
  }

  /** Ends what is still running, for when nobody waits for the files any more. */
  cancel(): void {
    this.#cancel.abort(new Error('the recorder has ended'));
  }

  /** The files, once S3 has confirmed all of them. Throws what the first pipeline that failed threw. */
  async finished(): Promise<UploadedFile[]> {
    try {
      return await Promise.all(this.#files);
    } catch (error) {
      this.cancel();
      await Promise.allSettled(this.#files);
      throw error;
    }
  }

  async #run(take: Take): Promise<UploadedFile> {
    const { config, spool, store, board, metrics, log, random, now } = this.#options;
    const output = spool.outputPath(take.index);
    const uploader = await openFileUploader({
      store,
      object: {
        key: takeKey(config.upload.key, take.index),
        contentType: CONTENT_TYPE,
        metadata: { 'recording-id': config.recordingId, take: String(take.index) },
      },
      path: output,
      statePath: spool.uploadStatePath(take.index),
      partSize: partSizeFor(config.maxDurationMs / 1000),
      giveUpAfterMs: config.upload.giveUpAfterMs,
      random,
      log: log.child({ take: take.index }),
      onProgress: (bytes) => {
        this.#uploaded.set(take.index, bytes);
        metrics.uploadedBytes.set(this.bytesUploaded);
      },
      onTrouble: (message) => {
        if (message !== undefined) metrics.uploadRetries.inc();
        this.#troubledSince = message === undefined ? undefined : (this.#troubledSince ?? now());
        board.set({ message });
      },
    });
    const muxer = new TakeMuxer({
      take,
      output,
      ffmpegPath: config.ffmpegPath,
      remux: remuxToMp4,
      onAgain: (error) => {
        uploader.doubt();
        board.set({ message: String(error) });
      },
      log,
    });
    const onMuxed = (): void => {
      this.#unfinished -= 1;
      if (this.#unfinished === 0 && board.state === 'finishing') board.set({ state: 'uploading' });
    };
    return new TakePipeline({ take, muxer, uploader, onMuxed }).run(this.#cancel.signal);
  }
}
