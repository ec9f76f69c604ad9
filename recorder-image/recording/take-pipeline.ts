import type { Logger } from 'pino';
import type { TakeMuxer } from '../mux/take-muxer.ts';
import { PartGoneError } from '../upload/file-uploader.ts';
import type { TakeUploader, UploadReport } from '../upload/take-uploader.ts';
import type { UploadedFile } from '../upload/upload-state.ts';

export interface TakePipelineOptions {
  readonly muxer: TakeMuxer;
  readonly uploader: TakeUploader;
  /** The file is finished; what is left is to upload it. */
  readonly onMuxed: () => void;
  readonly log: Logger;
}

/** A take's way from the journal to S3: FFmpeg follows the journal, and the upload follows FFmpeg's file. */
export class TakePipeline {
  readonly #options: TakePipelineOptions;

  constructor(options: TakePipelineOptions) {
    this.#options = options;
  }

  get report(): UploadReport {
    return this.#options.uploader.report;
  }

  /**
   * Returns when the finished file is whole in S3, which is after the take has ended. Throws MuxError, UploadError,
   * or the signal's reason.
   */
  async run(signal: AbortSignal): Promise<UploadedFile> {
    const { uploader, onMuxed, log } = this.#options;
    // S3 has confirmed it before this process started: there is nothing to make again.
    if (uploader.completed !== undefined) {
      onMuxed();
      return uploader.completed;
    }
    while (true) {
      try {
        return await this.#run(signal);
      } catch (error) {
        if (!(error instanceof PartGoneError)) throw error;
        log.warn({ error: error.message }, 'the file is made once more, because S3 has lost some of it');
      }
    }
  }

  async #run(signal: AbortSignal): Promise<UploadedFile> {
    const { muxer, uploader, onMuxed } = this.#options;
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const muxed = muxer.run(either).then(() => {
      uploader.finish();
      onMuxed();
    });
    const uploaded = uploader.run(either);
    try {
      const [file] = await Promise.all([uploaded, muxed]);
      return file;
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled([uploaded, muxed]);
      throw error;
    }
  }
}
