import { PassThrough } from 'node:stream';
import type { Logger } from 'pino';
import { FfmpegError } from '../../mux/ffmpeg.ts';
import type { Recipe } from '../../mux/recipes.ts';
import { MuxError } from '../../mux/take-muxer.ts';
import type { TakeMuxer } from '../../mux/take-muxer.ts';
import { PartGoneError } from '../../upload/part-gone-error.ts';
import type { FileUploader } from '../../upload/file-uploader.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';

const MAX_TRIES = 5;

/** Makes the file of a finished take and sends it part by part, without ever having it on the disk. Throws MuxError. */
export async function pourIntoStore(
  options: {
    readonly muxer: TakeMuxer;
    readonly uploader: FileUploader;
    readonly recipe: Recipe;
    readonly log: Logger;
  },
  signal: AbortSignal,
): Promise<UploadedFile> {
  const { muxer, uploader, recipe, log } = options;
  for (let tries = 1; ; tries += 1) {
    // FFmpeg is given no word of its closing: it would be killed before it could say that it has ended well.
    const output = new PassThrough({ emitClose: false });
    const whole = muxer.pour(recipe, output, signal);
    try {
      return await uploader.stream(output, whole, signal);
    } catch (error) {
      signal.throwIfAborted();
      output.destroy();
      await whole.catch(() => undefined);
      if (!(error instanceof FfmpegError || error instanceof PartGoneError)) throw error;
      if (tries >= MAX_TRIES)
        throw new MuxError(`the file can't be sent: ${error.message}`, { cause: error });
      log.warn({ error: error.message }, 'the file is sent once more, from the start');
    }
  }
}
