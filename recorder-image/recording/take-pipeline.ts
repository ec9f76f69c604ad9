import type { Take } from '../journal/take.ts';
import type { TakeMuxer } from '../mux/take-muxer.ts';
import type { FileUploader } from '../upload/file-uploader.ts';
import type { UploadedFile } from '../upload/upload-state.ts';

export interface TakePipelineOptions {
  readonly take: Take;
  readonly muxer: TakeMuxer;
  readonly uploader: FileUploader;
  /** The file is finished; what is left is to upload it. */
  readonly onMuxed: () => void;
}

/** A take's way from the journal to S3: FFmpeg follows the journal, and the upload follows FFmpeg's file. */
export class TakePipeline {
  readonly take: Take;
  readonly #options: TakePipelineOptions;

  constructor(options: TakePipelineOptions) {
    this.take = options.take;
    this.#options = options;
  }

  /**
   * Returns when the finished file is whole in S3, which is after the take has ended. Throws MuxError, UploadError,
   * or the signal's reason.
   */
  async run(signal: AbortSignal): Promise<UploadedFile> {
    const { muxer, uploader, onMuxed } = this.#options;
    // S3 has confirmed it before this process started: there is nothing to make again.
    if (uploader.completed !== undefined) return uploader.completed;
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
