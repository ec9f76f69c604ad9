import { intoParts } from './into-parts.ts';
import type { MultipartUpload } from './multipart-upload.ts';
import type { ObjectStoreError } from './object-store.ts';
import type { ObservedBytes } from './output-observer.ts';
import { PartGoneError } from './part-gone-error.ts';
import { crc32Base64 } from './read-part.ts';
import { UploadLoop } from './upload-loop.ts';
import type { Step, UploadLoopOptions } from './upload-loop.ts';
import type { UploadedFile } from './upload-state.ts';

export interface StreamSink {
  readonly upload: MultipartUpload;
  readonly observed: ObservedBytes;
  /** After each part: bytes that S3 holds. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Sends what comes, all of it, under the numbers of the parts that were sent before. `whole` settles when all has come,
 * and rejects when something is missing. Throws {@link PartGoneError} when it has to come once more, and what an
 * {@link UploadLoop} throws.
 */
export async function streamUpload(
  source: { readonly chunks: AsyncIterable<Buffer>; readonly whole: Promise<void> },
  { upload, observed, onProgress }: StreamSink,
  options: UploadLoopOptions,
  signal: AbortSignal,
): Promise<UploadedFile> {
  const loop = new UploadLoop(options);
  loop.finish();
  const giveUpIfGone = async ({ failure, message }: ObjectStoreError): Promise<void> => {
    if (failure !== 'no-such-upload' && failure !== 'invalid-part') return;
    await upload.lose(message, signal);
    throw new PartGoneError(message);
  };
  const until = <T>(step: () => Promise<Step<T>>): Promise<T> => loop.run(step, giveUpIfGone, signal);
  // Asked for only when all has come.
  source.whole.catch(() => undefined);
  let size = 0;
  upload.forgetParts();
  observed.restart();
  for await (const body of intoParts(source.chunks, upload.partSize)) {
    const number = upload.parts.size + 1;
    if (upload.isOutgrown(size + body.length)) {
      await upload.enlarge(signal);
      throw new PartGoneError('the file has outgrown its parts');
    }
    observed.see(body, size);
    const crc32 = crc32Base64(body);
    const etag = await until(async () => {
      if (!upload.begun) await upload.begin(signal);
      return { done: await upload.send({ number, body, crc32 }, signal) };
    });
    await upload.note({ number, size: body.length, etag, crc32 });
    size += body.length;
    onProgress(size);
  }
  await source.whole;
  if (size === 0) throw new PartGoneError('nothing came that could be sent');
  return await until<UploadedFile>(async () => {
    if (upload.completed !== undefined) return { done: upload.completed };
    if (!upload.begun) throw new PartGoneError('what was sent is lost');
    if (upload.made) {
      await upload.confirm(signal);
      return 'moved';
    }
    // Its completion may have succeeded, and only the answer was lost.
    if (await upload.findCompleted(size, signal)) return 'moved';
    await observed.finished({ crc32: upload.crc32Of(size) });
    await upload.complete(size, signal);
    return 'moved';
  });
}
