import type { Logger } from 'pino';
import { isHopeless, MuxError } from '../../mux/take-muxer.ts';
import type { StreamedOutput } from '../../mux/streamed-output.ts';
import type { FileUploader } from '../../upload/file-uploader.ts';
import { UploadError } from '../../upload/upload-loop.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';

const MAX_TRIES = 5;

/** Sends what is made of a finished take part by part, without ever having it on the disk. Throws MuxError, UploadError. */
export async function sendWithoutFile(
  options: {
    /** Makes it, from its beginning each time. */
    readonly open: (signal: AbortSignal) => StreamedOutput;
    readonly uploader: FileUploader;
    readonly log: Logger;
  },
  signal: AbortSignal,
): Promise<UploadedFile> {
  const { open, uploader, log } = options;
  for (let tries = 1; ; tries += 1) {
    const { chunks, whole, close } = open(signal);
    try {
      return await uploader.stream(chunks, whole, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UploadError) throw error;
      if (tries >= MAX_TRIES || isHopeless(error))
        throw new MuxError(`The file can't be sent: ${String(error)}`, { cause: error });
      log.warn({ error: String(error) }, 'The file is sent once more, from the start');
    } finally {
      await close();
    }
  }
}
