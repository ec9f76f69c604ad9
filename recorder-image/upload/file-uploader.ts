import { stat } from 'node:fs/promises';
import { FreeParts } from './free-parts.ts';
import type { FreePartsOptions } from './free-parts.ts';
import type { ObjectDescription, ObjectStore, ObjectStoreError } from './object-store.ts';
import { abortEmptyUploads } from './orphans.ts';
import { intoParts } from './into-parts.ts';
import { ObservedBytes } from './output-observer.ts';
import type { OutputObserver } from './output-observer.ts';
import { nextPart } from './part-plan.ts';
import type { Part, UploadedPart } from './part-plan.ts';
import { crc32Base64, crc32OfParts, PartReader } from './read-part.ts';
import type { TakeUploader, UploadReport } from './take-uploader.ts';
import { UploadLoop } from './upload-loop.ts';
import type { Step, UploadLoopOptions } from './upload-loop.ts';
import { loadUploadState, saveUploadState } from './upload-state.ts';
import type { UploadedFile, UploadState } from './upload-state.ts';

export interface FileUploaderOptions extends UploadLoopOptions {
  readonly store: ObjectStore;
  readonly object: ObjectDescription;
  /** Added to the object's metadata; unlike the rest of it, nothing by which the object is known again as ours. */
  readonly times: () => Readonly<Record<string, string>>;
  /** The file that grows. It may not exist yet, and may be made anew from the start. */
  readonly path: string;
  readonly statePath: string;
  /** Bytes; an upload that is gone on with keeps the one that it was begun with. */
  readonly partSize: number;
  /** How space is given back that parts take which are in S3. */
  readonly space: Pick<FreePartsOptions, 'punchHole' | 'batchBytes'>;
  /** After each part: bytes that S3 holds of this file. */
  readonly onProgress: (bytes: number) => void;
  /** Sees the file's bytes as they are read; none of a file that S3 has confirmed before. */
  readonly observer?: OutputObserver;
}

/** A part has to be sent again that the file no longer has: the file has to be made again. */
export class PartGoneError extends Error {
  readonly code = 'PartGone';
  override readonly name = 'PartGoneError';
}

/**
 * Brings a file to S3 as one multipart upload, while the file grows, and goes on after a crash with the parts that
 * are there.
 */
export class FileUploader implements TakeUploader {
  readonly #options: FileUploaderOptions;
  readonly #loop: UploadLoop;
  readonly #free: FreeParts;
  readonly #reader = new PartReader();
  readonly #parts = new Map<number, UploadedPart>();
  readonly #observed: ObservedBytes;
  #state: UploadState;
  /** Counts how often the file was made again. */
  #making = 0;
  /** Whether the first part was sent, or compared, since the file is made this time. */
  #begun = false;

  constructor(options: FileUploaderOptions, state: UploadState) {
    const { space, log } = options;
    this.#options = options;
    this.#loop = new UploadLoop(options);
    this.#free = new FreeParts({ ...space, partSize: state.partSize, log });
    this.#observed = new ObservedBytes(options.observer);
    this.#state = state;
    for (const part of state.parts) this.#parts.set(part.number, { ...part, provisional: true });
  }

  get completed(): UploadedFile | undefined {
    return this.#state.completed;
  }

  get report(): UploadReport {
    const { uploadId, partSize } = this.#state;
    const parts = [...this.#parts.values()].sort((a, b) => a.number - b.number);
    return {
      key: this.#options.object.key,
      ...(uploadId === undefined ? {} : { uploadId }),
      partSize,
      parts: parts.map(({ number, size, etag, crc32 }) => ({ number, size, etag, crc32 })),
    };
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
    this.#free.reset();
    for (const [number, part] of this.#parts) this.#parts.set(number, { ...part, provisional: true });
  }

  /** Throws {@link PartGoneError}, and what an {@link UploadLoop} throws. */
  async run(signal: AbortSignal): Promise<UploadedFile> {
    this.#options.onProgress(this.#bytesSent());
    try {
      return await this.#loop.run(
        () => this.#step(signal),
        (error) => this.#recover(error, signal),
        signal,
      );
    } finally {
      this.#reader.release();
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
    const loop = new UploadLoop(this.#options);
    loop.finish();
    const until = <T>(step: () => Promise<Step<T>>): Promise<T> =>
      loop.run(step, (error) => this.#giveUpIfGone(error), signal);
    // Asked for only when all has come.
    whole.catch(() => undefined);
    let size = 0;
    this.#parts.clear();
    this.#observed.restart();
    for await (const body of intoParts(chunks, this.#state.partSize)) {
      const number = this.#parts.size + 1;
      this.#observed.see(body, size);
      await until(async () => ({ done: await this.#sendStreamed(number, body, signal) }));
      size += body.length;
      this.#options.onProgress(size);
    }
    await whole;
    return await until<UploadedFile>(async () => {
      const { completed, uploadId } = this.#state;
      if (completed !== undefined) return { done: completed };
      if (uploadId === undefined) throw new PartGoneError('nothing came that could be sent');
      // Its completion may have succeeded, and only the answer was lost.
      if (!(await this.#confirm(size, signal))) await this.#complete(uploadId, size, signal);
      return 'moved';
    });
  }

  async #sendStreamed(number: number, body: Buffer, signal: AbortSignal): Promise<void> {
    const { store, object } = this.#options;
    if (this.#state.uploadId === undefined) await this.#begin(signal);
    const { uploadId = '' } = this.#state;
    const crc32 = crc32Base64(body);
    const etag = await store.sendPart({ key: object.key, uploadId, number, body, crc32 }, signal);
    this.#parts.set(number, { number, size: body.length, etag, crc32 });
    await this.#save({});
  }

  async #giveUpIfGone({ failure, message }: ObjectStoreError): Promise<void> {
    if (failure !== 'no-such-upload' && failure !== 'invalid-part') return;
    this.#parts.clear();
    await this.#save({ uploadId: undefined });
    throw new PartGoneError(message);
  }

  async #step(signal: AbortSignal): Promise<Step<UploadedFile>> {
    if (this.#state.completed !== undefined) return { done: this.#state.completed };
    // Asked for before the size: a size from before the end must not pass for the finished file's.
    const finished = this.#loop.isFinished;
    const fileSize = await sizeOf(this.#options.path);
    if (fileSize === 0) return 'waiting';
    if (this.#state.uploadId === undefined) {
      await this.#begin(signal);
      return 'moved';
    }
    const { partSize } = this.#state;
    const begun = this.#begun;
    const next = nextPart({ partSize, fileSize, finished, begun, uploaded: this.#parts });
    if (next === 'wait') return 'waiting';
    if (next === 'complete') await this.#complete(this.#state.uploadId, fileSize, signal);
    else await this.#send(this.#state.uploadId, next, { finished, signal });
    return 'moved';
  }

  /** Begun with the file's first bytes, not with the first full part: it is then that a missing bucket shows. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { store, object, times, log } = this.#options;
    // An earlier recorder, or an earlier try, may have begun one and not learned its id.
    if (this.#state.beginning === true) await abortEmptyUploads({ store, key: object.key, log }, signal);
    await this.#save({ beginning: true });
    const { uploadId, fullObjectChecksum } = await store.create(
      { ...object, metadata: { ...object.metadata, ...times() } },
      signal,
    );
    this.#forgetParts();
    await this.#save({ uploadId, fullObjectChecksum, beginning: undefined });
  }

  async #send(
    uploadId: string,
    part: Part,
    context: { finished: boolean; signal: AbortSignal },
  ): Promise<void> {
    const { store, object, path, log } = this.#options;
    const { finished, signal } = context;
    const making = this.#making;
    if (!this.#free.has(part.number)) throw new PartGoneError(`part ${part.number} is to be sent again`);
    const final = part.number === 1 && finished;
    const read = await this.#reader.read(path, part, (bytes, offset) => {
      if (making !== this.#making) return;
      this.#observed.see(bytes, offset);
      if (final) this.#observed.seeFinalPart1(bytes, offset);
    });
    if (read === undefined) return;
    const { body, crc32 } = read;
    const sent = this.#parts.get(part.number);
    const same = sent?.crc32 === crc32 && sent.size === part.size;
    const etag = same
      ? sent.etag
      : await store.sendPart({ key: object.key, uploadId, number: part.number, body, crc32 }, signal);
    // The first bytes change once more when the file is finished, and all may if it is made again meanwhile.
    const provisional = (part.number === 1 && !finished) || making !== this.#making;
    this.#parts.set(part.number, {
      number: part.number,
      size: part.size,
      etag,
      crc32,
      ...(provisional ? { provisional } : {}),
    });
    if (part.number === 1 && making === this.#making) this.#begun = true;
    log.debug({ part: part.number, size: part.size, again: same }, 'part uploaded');
    await this.#save({});
    this.#options.onProgress(this.#bytesSent());
    if (making === this.#making) await this.#free.free(path, (number) => this.#isCertain(number));
  }

  #isCertain(number: number): boolean {
    const part = this.#parts.get(number);
    return part !== undefined && part.provisional !== true && part.size === this.#state.partSize;
  }

  async #complete(uploadId: string, fileSize: number, signal: AbortSignal): Promise<void> {
    const { store, object, log } = this.#options;
    const count = Math.ceil(fileSize / this.#state.partSize);
    const parts = [...this.#parts.values()].filter(({ number }) => number <= count);
    parts.sort((a, b) => a.number - b.number);
    await this.#observed.finished({ crc32: crc32OfParts(parts) });
    log.info({ parts: parts.length, sizeBytes: fileSize }, 'completing the upload');
    await store.complete(
      { key: object.key, uploadId, parts, fullObjectChecksum: this.#state.fullObjectChecksum },
      signal,
    );
    await this.#confirm(fileSize, signal);
  }

  /** Nothing counts as uploaded, and nothing local may go, before S3 has said how large the object is. */
  async #confirm(fileSize: number, signal: AbortSignal): Promise<boolean> {
    const { store, object } = this.#options;
    const stored = await store.find(object.key, signal);
    const ours = Object.entries(object.metadata).every(([name, value]) => stored?.metadata[name] === value);
    if (stored === undefined || stored.sizeBytes !== fileSize || !ours) return false;
    const { checksum } = stored;
    await this.#save({
      completed: { key: object.key, sizeBytes: fileSize, ...(checksum === undefined ? {} : { checksum }) },
    });
    return true;
  }

  async #recover({ failure }: ObjectStoreError, signal: AbortSignal): Promise<void> {
    if (failure === 'invalid-part') this.#forgetParts();
    if (failure === 'no-such-upload') await this.#restart(signal);
  }

  /** The upload is gone: because its completion succeeded and only the answer was lost, or because it was aborted. */
  async #restart(signal: AbortSignal): Promise<void> {
    const fileSize = await sizeOf(this.#options.path);
    try {
      if (this.#loop.isFinished && (await this.#confirm(fileSize, signal))) return;
    } catch (error) {
      // It is asked again on the next round: the upload is still unknown then.
      this.#options.log.warn({ error: String(error) }, 'could not look for the object');
      return;
    }
    this.#forgetParts();
    await this.#save({ uploadId: undefined });
  }

  #forgetParts(): void {
    this.#parts.clear();
    this.#begun = false;
  }

  #bytesSent(): number {
    return [...this.#parts.values()].reduce((sum, part) => sum + part.size, 0);
  }

  async #save(change: Partial<UploadState>): Promise<void> {
    this.#state = { ...this.#state, ...change, parts: [...this.#parts.values()] };
    try {
      await saveUploadState(this.#options.statePath, this.#state);
    } catch (error) {
      // On a full disk the upload is what helps: it goes on, and only a recorder that is started again sends more.
      this.#options.log.error({ error }, 'the state of the upload could not be saved');
    }
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
