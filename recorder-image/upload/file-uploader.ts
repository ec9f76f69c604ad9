import { stat } from 'node:fs/promises';
import { FreeParts } from './free-parts.ts';
import type { FreePartsOptions } from './free-parts.ts';
import { MultipartUpload } from './multipart-upload.ts';
import type { MultipartUploadOptions } from './multipart-upload.ts';
import type { ObjectStoreError } from './object-store.ts';
import { ObservedBytes } from './output-observer.ts';
import type { OutputObserver } from './output-observer.ts';
import { PartGoneError } from './part-gone-error.ts';
import { nextPart } from './part-plan.ts';
import type { Part } from './part-plan.ts';
import { PartReader } from './read-part.ts';
import type { ReadPart } from './read-part.ts';
import { streamUpload } from './stream-upload.ts';
import type { TakeUploader, UploadReport } from './take-uploader.ts';
import { UploadLoop } from './upload-loop.ts';
import type { Step, UploadLoopOptions } from './upload-loop.ts';
import { loadUploadState } from './upload-state.ts';
import type { UploadedFile, UploadState } from './upload-state.ts';

/** Parts that go at a time when there are several to be sent. Each one takes 1 MiB of memory. */
const MOST_AT_ONCE = 3;

export interface FileUploaderOptions extends UploadLoopOptions, MultipartUploadOptions {
  /** The file that grows. It may not exist yet, and may be made anew from the start. */
  readonly path: string;
  /** Bytes; an upload that is gone on with keeps the one that it was begun with. */
  readonly partSize: number;
  /** How space is given back that parts take which are in S3. */
  readonly space: Pick<FreePartsOptions, 'punchHole' | 'batchBytes'>;
  /** After each part: bytes that S3 holds of this file. */
  readonly onProgress: (bytes: number) => void;
  /** Sees the file's bytes as they are read; none of a file that S3 has confirmed before. */
  readonly observer?: OutputObserver;
}

interface FileNow {
  /** Bytes. */
  readonly fileSize: number;
  /** Nothing in it will change any more. */
  readonly finished: boolean;
  /** The how-manieth making this is. */
  readonly making: number;
}

/** By part number, what is being sent. */
type Sending = Map<number, Promise<void>>;

/**
 * Brings a file to S3 as one multipart upload, while the file grows, and goes on after a crash with the parts that
 * are there.
 */
export class FileUploader implements TakeUploader {
  readonly #options: FileUploaderOptions;
  readonly #loop: UploadLoop;
  readonly #upload: MultipartUpload;
  readonly #observed: ObservedBytes;
  readonly #readers = Array.from({ length: MOST_AT_ONCE }, () => new PartReader());
  #free: FreeParts;
  /** Counts how often the file was made again. */
  #making = 0;
  /** Whether the first part was sent, or compared, since the file is made this time. */
  #begun = false;
  /** How many parts may go at once: one after a failure, and then one more each time that all goes well. */
  #atOnce = MOST_AT_ONCE;

  constructor(options: FileUploaderOptions, state: UploadState) {
    this.#options = options;
    this.#loop = new UploadLoop(options);
    this.#upload = new MultipartUpload(options, state);
    this.#observed = new ObservedBytes(options.observer);
    this.#free = this.#newFreeParts();
  }

  get completed(): UploadedFile | undefined {
    return this.#upload.completed;
  }

  get report(): UploadReport {
    return this.#upload.report;
  }

  finish(): void {
    this.#loop.finish();
  }

  /** The file is being made again: what was sent is compared with it before it counts. */
  restarted(): void {
    this.#making += 1;
    this.#begun = false;
    this.#observed.restart();
    this.#loop.reopen();
    this.#free = this.#newFreeParts();
    this.#upload.doubt();
  }

  /** Throws {@link PartGoneError}, and what an {@link UploadLoop} throws. */
  async run(signal: AbortSignal): Promise<UploadedFile> {
    this.#options.onProgress(this.#upload.bytesSent);
    try {
      return await this.#loop.run(
        () => this.#step(signal),
        (error) => this.#recover(error, signal),
        signal,
      );
    } finally {
      for (const reader of this.#readers) reader.release();
    }
  }

  /**
   * Sends what comes in place of the file, for which there is no room: all of it, under the numbers of the parts that
   * were sent. `whole` settles when all has come, and rejects when something is missing. Not beside {@link run}.
   * Throws {@link PartGoneError} when what was sent is gone: it has to come once more.
   */
  async stream(
    chunks: AsyncIterable<Buffer>,
    whole: Promise<void>,
    signal: AbortSignal,
  ): Promise<UploadedFile> {
    const { onProgress } = this.#options;
    const sink = { upload: this.#upload, observed: this.#observed, onProgress };
    return await streamUpload({ chunks, whole }, sink, this.#options, signal);
  }

  async #step(signal: AbortSignal): Promise<Step<UploadedFile>> {
    const upload = this.#upload;
    if (upload.completed !== undefined) return { done: upload.completed };
    if (upload.made) {
      await upload.confirm(signal);
      return 'moved';
    }
    // Asked for before the size: a size from before the end must not pass for the finished file's.
    const finished = this.#loop.isFinished;
    const making = this.#making;
    const fileSize = await sizeOf(this.#options.path);
    if (fileSize === 0) return 'waiting';
    if (upload.isOutgrown(fileSize)) {
      await upload.enlarge(signal);
      if (!this.#free.intact) throw new PartGoneError('the file has outgrown its parts');
      this.#free = this.#newFreeParts();
    }
    if (!upload.begun) {
      await upload.begin(signal);
      this.#begun = false;
      return 'moved';
    }
    const sent = await this.#sendSome({ fileSize, finished, making }, signal);
    if (sent === 'all') {
      await this.#observed.finished({ crc32: upload.crc32Of(fileSize) });
      await upload.complete(fileSize, signal);
    }
    return sent === 'none' ? 'waiting' : 'moved';
  }

  /** Sends the next part, or several of them side by side, as many as there are to be sent. */
  async #sendSome(file: FileNow, signal: AbortSignal): Promise<'none' | 'some' | 'all'> {
    const { path } = this.#options;
    const sending: Sending = new Map();
    try {
      for (const reader of this.#readers.slice(0, this.#atOnce)) {
        if (file.making !== this.#making) break;
        const next = this.#next(file, sending);
        if (typeof next === 'string') {
          if (sending.size > 0) break;
          return next === 'wait' ? 'none' : 'all';
        }
        if (!this.#free.has(next.number)) throw new PartGoneError(`part ${next.number} is to be sent again`);
        // One after the other, and in order: whoever observes what is read relies on that.
        const read = await reader.read(path, next, this.#observing(next, file));
        if (read === undefined) break;
        const sent = this.#send({ ...next, ...read }, file, signal);
        sent.catch(() => undefined);
        sending.set(next.number, sent);
      }
    } finally {
      await Promise.allSettled(sending.values());
    }
    await this.#settle([...sending.values()]);
    if (file.making === this.#making) await this.#free.free(path, (number) => this.#isCertain(number));
    return 'some';
  }

  #next({ fileSize, finished }: FileNow, sending: Sending): Part | 'wait' | 'complete' {
    const { partSize, parts } = this.#upload;
    const begun = this.#begun || sending.has(1);
    return nextPart({ partSize, fileSize, finished, begun, uploaded: parts, sending });
  }

  #observing(part: Part, { making, finished }: FileNow): (bytes: Buffer, offset: number) => void {
    return (bytes, offset) => {
      if (making !== this.#making) return;
      this.#observed.see(bytes, offset);
      if (part.number === 1 && finished) this.#observed.seeFinalPart1(bytes, offset);
    };
  }

  async #send(part: Part & ReadPart, { making, finished }: FileNow, signal: AbortSignal): Promise<void> {
    const upload = this.#upload;
    const { number, size, crc32 } = part;
    const before = upload.parts.get(number);
    const same = before?.crc32 === crc32 && before.size === size;
    const etag = same ? before.etag : await upload.send(part, signal);
    // The first bytes change once more when the file is finished, and all may if it is made again meanwhile.
    const provisional = (number === 1 && !finished) || making !== this.#making;
    await upload.note({ number, size, etag, crc32, ...(provisional ? { provisional } : {}) });
    if (number === 1 && making === this.#making) this.#begun = true;
    this.#options.log.debug({ part: number, size, again: same }, 'part uploaded');
    this.#options.onProgress(upload.bytesSent);
  }

  async #settle(sending: readonly Promise<void>[]): Promise<void> {
    const outcomes = await Promise.allSettled(sending);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    this.#atOnce = failed === undefined ? Math.min(MOST_AT_ONCE, this.#atOnce + 1) : 1;
    if (failed !== undefined) throw failed.reason as Error;
  }

  #isCertain(number: number): boolean {
    const part = this.#upload.parts.get(number);
    return part !== undefined && part.provisional !== true && part.size === this.#upload.partSize;
  }

  async #recover({ failure, message }: ObjectStoreError, signal: AbortSignal): Promise<void> {
    if (failure !== 'no-such-upload' && failure !== 'invalid-part') return;
    try {
      // Its completion may have succeeded, and only the answer was lost.
      if (
        this.#loop.isFinished &&
        (await this.#upload.findCompleted(await sizeOf(this.#options.path), signal))
      )
        return;
    } catch (error) {
      // It is asked again on the next round: the upload is still unknown then.
      this.#options.log.warn({ error: String(error) }, 'could not look for the object');
      return;
    }
    this.#begun = false;
    await this.#upload.lose(message, signal);
  }

  #newFreeParts(): FreeParts {
    const { space, log } = this.#options;
    return new FreeParts({ ...space, partSize: this.#upload.partSize, log });
  }
}

/** Opens the upload, going on with what its state file says. */
export async function openFileUploader(options: FileUploaderOptions): Promise<FileUploader> {
  return new FileUploader(options, await loadUploadState(options.statePath, options.partSize));
}

/** Bytes; 0 where there is no file. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
