import { open, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileHeader, tagSize, writeTag } from './flv.ts';
import type { Tag } from './flv.ts';

/** Tags are written at most this much later, in ms: all that a killed process can lose. */
export const MOST_UNWRITTEN_MS = 200;
/** A batch that is this full, in bytes, is written at once. */
const BATCH_BYTES = 256 * 1024;
/** What may wait for a slow disk, in bytes, before it counts as a broken one. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/**
 * How often written tags are forced to the disk, in ms. A killed process loses nothing that it wrote, so this only
 * bounds what a power failure takes; syncing each batch would make every recording on the node wait for the disk.
 */
const SYNC_MS = 5000;
/** How often, in ms, what the disk does not take is tried again, and for how long. */
const RETRY_MS = 250;
const GIVE_UP_AFTER_MS = 15_000;

/** The disk can't keep up with the publisher, or can't take any more. */
export class JournalWriteError extends Error {
  readonly code = 'JournalWriteFailed';
  override readonly name = 'JournalWriteError';
}

export interface AppendFileOptions {
  readonly path: string;
  /** Where to go on writing: the bytes that the file holds already. With 0 it is made anew. */
  readonly size: number;
  /** Called after each batch with the size of the file in bytes. */
  readonly onWritten: (size: number) => void;
  /**
   * Called once: the disk takes nothing, or not as much as comes. Nothing can be appended from then on; what was is still
   * tried until the file is closed.
   */
  readonly onError: (error: JournalWriteError) => void;
  /** What the disk does not take and is tried again, and undefined once it is taken. Default: nobody is told. */
  readonly onTrouble?: ((message: string | undefined) => void) | undefined;
  /** Default: {@link GIVE_UP_AFTER_MS}. */
  readonly giveUpAfterMs?: number;
}

/** An FLV file that tags are appended to, in batches. Opened by the first batch. Never makes its caller wait. */
export class AppendFile {
  readonly #options: AppendFileOptions;
  #batch: Buffer = Buffer.allocUnsafe(BATCH_BYTES);
  #spare: Buffer = Buffer.allocUnsafe(BATCH_BYTES);
  #used = 0;
  #size: number;
  #handle: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSync = performance.now();
  #failed = false;
  #closing = false;
  #isSyncFailing = false;

  constructor(options: AppendFileOptions) {
    this.#options = options;
    this.#size = options.size;
    // Which tracks come is not known yet: this header says both, and readers are given a truer one.
    if (options.size === 0) this.#used = fileHeader(new Set(['audio', 'video'])).copy(this.#batch);
  }

  /** Whether nothing more is taken, and something may be lost. */
  get failed(): boolean {
    return this.#failed;
  }

  append(tag: Tag): void {
    if (this.#failed) return;
    const size = tagSize(tag.payload.length);
    if (!this.#reserve(size)) return;
    this.#used = writeTag(this.#batch, this.#used, tag);
    if (this.#used >= BATCH_BYTES) this.write();
    else this.#timer ??= setTimeout(() => this.write(), MOST_UNWRITTEN_MS);
  }

  /** Begins to write what is waiting. */
  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#used === 0) return;
    const bytes = this.#batch.subarray(0, this.#used);
    this.#batch = this.#spare;
    this.#spare = Buffer.alloc(0);
    this.#used = 0;
    this.#writing = this.#write(bytes).finally(() => {
      this.#writing = undefined;
      // One that grew for a burst goes back to the collector rather than being kept for the rest of the meeting.
      this.#spare =
        bytes.buffer.byteLength > BATCH_BYTES * 4 ? Buffer.allocUnsafe(BATCH_BYTES) : whole(bytes);
      if (this.#used >= BATCH_BYTES) this.write();
      else if (this.#used > 0) this.#timer ??= setTimeout(() => this.write(), MOST_UNWRITTEN_MS);
    });
  }

  /** Writes what is waiting and returns when it is in the file or, where the disk takes nothing, when that is closed. */
  async flush(): Promise<void> {
    while (this.#used > 0 || this.#writing !== undefined) {
      this.write();
      await this.#writing;
    }
  }

  /** Writes what is waiting, forces it to the disk and closes the file. Never throws: what is lost was said. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.flush();
    clearTimeout(this.#timer);
    await this.#sync();
    await this.#closeHandle();
  }

  #reserve(size: number): boolean {
    const needed = this.#used + size;
    if (needed <= this.#batch.length) return true;
    if (needed > MAX_PENDING_BYTES) {
      this.#refuse(new JournalWriteError(`the disk is ${MAX_PENDING_BYTES} bytes behind the publisher`));
      return false;
    }
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#batch.length * 2));
    this.#batch.copy(grown, 0, 0, this.#used);
    this.#batch = grown;
    return true;
  }

  async #write(bytes: Buffer): Promise<void> {
    const { onWritten, onTrouble, giveUpAfterMs = GIVE_UP_AFTER_MS } = this.#options;
    const deadline = performance.now() + giveUpAfterMs;
    for (let failures = 0; ; failures += 1) {
      const error = await this.#writeAt(this.#size, bytes);
      if (error === undefined) {
        if (failures > 0) onTrouble?.(undefined);
        break;
      }
      const message = `writing the journal failed: ${String(error)}`;
      if (failures === 0) onTrouble?.(message);
      if (performance.now() >= deadline) {
        this.#refuse(new JournalWriteError(message, { cause: error }));
        // Until it is closed there may be room yet for what was accepted.
        if (this.#closing) return await this.#drop();
      }
      await sleep(RETRY_MS);
    }
    this.#size += bytes.length;
    onWritten(this.#size);
    if (performance.now() - this.#lastSync >= SYNC_MS) await this.#sync();
  }

  /** The file ends with its last whole batch. */
  async #drop(): Promise<void> {
    this.#used = 0;
    await truncate(this.#options.path, this.#size).catch(() => undefined);
  }

  /** Writes all of it or returns the error. What failed is written anew by a handle of its own: some fail for good. */
  async #writeAt(position: number, bytes: Buffer): Promise<Error | undefined> {
    try {
      const handle = (this.#handle ??= await open(this.#options.path, this.#size === 0 ? 'w' : 'r+'));
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
      return undefined;
    } catch (error) {
      await this.#closeHandle();
      return error as Error;
    }
  }

  /** Written is what counts. A disk that can't be forced takes it later, or says so at the next batch. */
  async #sync(): Promise<void> {
    const { onTrouble } = this.#options;
    this.#lastSync = performance.now();
    try {
      await this.#handle?.datasync();
      if (this.#isSyncFailing) onTrouble?.(undefined);
      this.#isSyncFailing = false;
    } catch (error) {
      this.#isSyncFailing = true;
      onTrouble?.(`the journal can't be forced to the disk: ${String(error)}`);
    }
  }

  async #closeHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  #refuse(error: JournalWriteError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onError(error);
  }
}

function whole(bytes: Buffer): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.buffer.byteLength - bytes.byteOffset);
}
