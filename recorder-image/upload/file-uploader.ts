import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { abortable } from '../support/abortable.ts';
import { backoffMs } from './backoff.ts';
import { ObjectStoreError } from './object-store.ts';
import type { ObjectDescription, ObjectStore } from './object-store.ts';
import { nextPart } from './part-plan.ts';
import type { Part, UploadedPart } from './part-plan.ts';
import { crc32Base64, readPart } from './read-part.ts';
import { loadUploadState, saveUploadState } from './upload-state.ts';
import type { UploadedFile, UploadState } from './upload-state.ts';

/** How often a growing file is looked at, in ms. */
const GROWTH_MS = 1000;

/** The object store refuses the file for good. The file is still in the spool. */
export class UploadError extends Error {
  readonly code: string;
  override readonly name = 'UploadError';

  constructor(cause: ObjectStoreError) {
    super(cause.message, { cause });
    this.code = cause.code;
  }
}

export interface UploadEvents {
  /** After each part: bytes that S3 holds of this file. */
  readonly onProgress: (bytes: number) => void;
  /** Why it waits, and undefined once it goes on. */
  readonly onTrouble: (message: string | undefined) => void;
}

export interface FileUploaderOptions extends UploadEvents {
  readonly store: ObjectStore;
  readonly object: ObjectDescription;
  /** The file that grows. It may not exist yet, and may be made anew from the start, with the same bytes. */
  readonly path: string;
  readonly statePath: string;
  /** Bytes; an upload that is gone on with keeps the one that it was begun with. */
  readonly partSize: number;
  /** How long a finished file goes on being refused, in ms, until that counts as final. */
  readonly giveUpAfterMs: number;
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Brings a file to S3 as one multipart upload, while the file grows, and goes on after a crash with the parts that
 * are there. Failures are waited out for as long as it takes; only a refusal of the finished file ends it.
 */
export class FileUploader {
  readonly #options: FileUploaderOptions;
  readonly #parts = new Map<number, UploadedPart>();
  readonly #finished = Promise.withResolvers<void>();
  #state: UploadState;
  #isFinished = false;
  #refusedSince: number | undefined;

  constructor(options: FileUploaderOptions, state: UploadState) {
    this.#options = options;
    this.#state = state;
    for (const part of state.parts) this.#parts.set(part.number, { ...part, provisional: true });
  }

  /** The object, once S3 has confirmed the whole of it. */
  get completed(): UploadedFile | undefined {
    return this.#state.completed;
  }

  /** The file is as it will stay. */
  finish(): void {
    this.#isFinished = true;
    this.#refusedSince = undefined;
    this.#finished.resolve();
  }

  /** The file is being made again: what was sent is compared with it before it counts. */
  doubt(): void {
    for (const [number, part] of this.#parts) this.#parts.set(number, { ...part, provisional: true });
  }

  /** Returns when the object is whole in S3. Throws {@link UploadError}, or the signal's reason. */
  async run(signal: AbortSignal): Promise<UploadedFile> {
    this.#options.onProgress(this.#bytesSent());
    for (let failures = 0; ;) {
      try {
        if (this.#state.completed !== undefined) return this.#state.completed;
        const step = await this.#step(signal);
        if (step === 'waiting') await this.#pause(GROWTH_MS, signal);
        else this.#options.onTrouble(undefined);
        failures = 0;
        this.#refusedSince = undefined;
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        await this.#handle(error, failures, signal);
      }
    }
  }

  async #step(signal: AbortSignal): Promise<'waiting' | 'moved'> {
    // Asked for before the size: a size from before the end must not pass for the finished file's.
    const finished = this.#isFinished;
    const fileSize = await sizeOf(this.#options.path);
    if (fileSize === 0) return 'waiting';
    if (this.#state.uploadId === undefined) {
      await this.#begin(signal);
      return 'moved';
    }
    const { partSize } = this.#state;
    const next = nextPart({ partSize, fileSize, finished, uploaded: this.#parts });
    if (next === 'wait') return 'waiting';
    if (next === 'complete') await this.#complete(this.#state.uploadId, fileSize, signal);
    else await this.#send(this.#state.uploadId, next, { finished, signal });
    return 'moved';
  }

  /** Begun with the file's first bytes, not with the first full part: it is then that a missing bucket shows. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { store, object } = this.#options;
    const { uploadId, fullObjectChecksum } = await store.create(object, signal);
    this.#parts.clear();
    await this.#save({ uploadId, fullObjectChecksum });
  }

  async #send(
    uploadId: string,
    part: Part,
    context: { finished: boolean; signal: AbortSignal },
  ): Promise<void> {
    const { store, object, path, log } = this.#options;
    const { finished, signal } = context;
    const body = await readPart(path, part);
    if (body === undefined) return;
    const crc32 = crc32Base64(body);
    const sent = this.#parts.get(part.number);
    const same = sent?.crc32 === crc32 && sent.size === part.size;
    const etag = same
      ? sent.etag
      : await store.sendPart({ key: object.key, uploadId, number: part.number, body, crc32 }, signal);
    // The first bytes change once more when the file is finished.
    const provisional = part.number === 1 && !finished;
    this.#parts.set(part.number, {
      number: part.number,
      size: part.size,
      etag,
      crc32,
      ...(provisional ? { provisional } : {}),
    });
    log.debug({ part: part.number, size: part.size, again: same }, 'part uploaded');
    await this.#save({});
    this.#options.onProgress(this.#bytesSent());
  }

  async #complete(uploadId: string, fileSize: number, signal: AbortSignal): Promise<void> {
    const { store, object } = this.#options;
    const count = Math.ceil(fileSize / this.#state.partSize);
    const parts = [...this.#parts.values()].filter(({ number }) => number <= count);
    parts.sort((a, b) => a.number - b.number);
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

  async #handle(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { log, onTrouble, random, giveUpAfterMs } = this.#options;
    const failure = error instanceof ObjectStoreError ? error.failure : 'transient';
    if (failure === 'invalid-part') {
      this.#parts.clear();
    } else if (failure === 'no-such-upload') {
      await this.#restart(signal);
    }
    const message = error instanceof Error ? error.message : String(error);
    log.warn({ failures, failure, error: message }, 'upload failed; trying again');
    onTrouble(message);
    if (failure === 'refused' && this.#isFinished && error instanceof ObjectStoreError) {
      this.#refusedSince ??= performance.now();
      if (performance.now() - this.#refusedSince >= giveUpAfterMs) throw new UploadError(error);
    }
    await this.#pause(backoffMs(failures, random), signal);
  }

  /** The upload is gone: because its completion succeeded and only the answer was lost, or because it was aborted. */
  async #restart(signal: AbortSignal): Promise<void> {
    const fileSize = await sizeOf(this.#options.path);
    try {
      if (this.#isFinished && (await this.#confirm(fileSize, signal))) return;
    } catch (error) {
      // It is asked again on the next round: the upload is still unknown then.
      this.#options.log.warn({ error: String(error) }, 'could not look for the object');
      return;
    }
    this.#parts.clear();
    await this.#save({ uploadId: undefined });
  }

  /** Until the time (ms) is over, or the file is finished: it is then tried at once, whatever there was to wait for. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isFinished) return sleep(ms, undefined, { signal });
    const waited = new AbortController();
    const either = AbortSignal.any([signal, waited.signal]);
    try {
      await Promise.race([
        abortable(this.#finished.promise, either),
        sleep(ms, undefined, { signal: either }),
      ]);
    } finally {
      waited.abort();
    }
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

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
