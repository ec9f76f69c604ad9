import type { Logger } from 'pino';
import { NoRoomError } from '../mux/take-muxer.ts';
import { PartGoneError } from '../upload/part-gone-error.ts';
import type { UploadReport } from '../upload/take-uploader.ts';
import type { UploadedFile } from '../upload/upload-state.ts';
import type { SavedTake, TakeJob } from './renditions/rendition.ts';

export interface TakePipelineOptions extends TakeJob {
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
   * Returns when the finished file is whole in S3, which is after the take has ended. Throws MuxError, NoRoomError,
   * UploadError, or the signal's reason.
   */
  async run(signal: AbortSignal): Promise<SavedTake> {
    const { uploader, saveWithoutRoom, onMuxed, log } = this.#options;
    // S3 has confirmed it before this process started: there is nothing to make again.
    if (uploader.completed !== undefined) {
      onMuxed();
      return { file: uploader.completed, cutShort: false };
    }
    while (true) {
      try {
        return { file: await this.#run(signal), cutShort: false };
      } catch (error) {
        if (error instanceof NoRoomError) {
          log.warn({ error: error.message }, 'the disk has no room for the file; it is sent without one');
          onMuxed();
          return await saveWithoutRoom(signal);
        }
        if (!(error instanceof PartGoneError)) throw error;
        log.warn({ error: error.message }, 'the file is made once more, because S3 has lost some of it');
      }
    }
  }

  async #run(signal: AbortSignal): Promise<UploadedFile> {
    const { muxer, uploader, onMuxed, log } = this.#options;
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const muxed = muxer.run(either).then(() => {
      log.info('the file is made; sending the rest of it');
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
