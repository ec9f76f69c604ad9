import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
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
  /** Called once; nothing can be appended from then on. The file ends with its last whole batch. */
  readonly onError: (error: JournalWriteError) => void;
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

  constructor(options: AppendFileOptions) {
    this.#options = options;
    this.#size = options.size;
    // Which tracks come is not known yet: this header says both, and readers are given a truer one.
    if (options.size === 0) this.#used = fileHeader(new Set(['audio', 'video'])).copy(this.#batch);
  }

  /** Whether the disk has refused something. */
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
    if (this.#writing !== undefined || this.#used === 0 || this.#failed) return;
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

  /** Writes what is waiting and returns when it is in the file. */
  async flush(): Promise<void> {
    while (this.#used > 0 || this.#writing !== undefined) {
      if (this.#failed && this.#writing === undefined) return;
      this.write();
      await this.#writing;
    }
  }

  /** Writes what is waiting, forces it to the disk and closes the file. */
  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    try {
      if (!this.#failed) await this.#handle?.datasync();
    } finally {
      await this.#handle?.close();
    }
  }

  #reserve(size: number): boolean {
    const needed = this.#used + size;
    if (needed <= this.#batch.length) return true;
    if (needed > MAX_PENDING_BYTES) {
      this.#fail(new JournalWriteError(`the disk is ${MAX_PENDING_BYTES} bytes behind the publisher`));
      return false;
    }
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#batch.length * 2));
    this.#batch.copy(grown, 0, 0, this.#used);
    this.#batch = grown;
    return true;
  }

  async #write(bytes: Buffer): Promise<void> {
    const { path, onWritten } = this.#options;
    try {
      const handle = (this.#handle ??= await open(path, this.#size === 0 ? 'w' : 'r+'));
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, this.#size + done);
        done += bytesWritten;
      }
      this.#size += bytes.length;
      onWritten(this.#size);
      if (performance.now() - this.#lastSync >= SYNC_MS) {
        this.#lastSync = performance.now();
        await handle.datasync();
      }
    } catch (error) {
      this.#fail(new JournalWriteError(`writing the journal failed: ${String(error)}`, { cause: error }));
      await this.#handle?.truncate(this.#size).catch(() => undefined);
    }
  }

  #fail(error: JournalWriteError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#used = 0;
    clearTimeout(this.#timer);
    this.#options.onError(error);
  }
}

function whole(bytes: Buffer): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.buffer.byteLength - bytes.byteOffset);
}
