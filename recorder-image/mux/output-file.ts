import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** A file that is written from its beginning. Throws what the disk refuses with, ENOSPC and EDQUOT among it. */
export class OutputFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  #size = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Makes the file anew. */
  static async create(path: string): Promise<OutputFile> {
    return new OutputFile(await open(path, 'w'));
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** Writes all of this at the end, in as few calls as the disk lets it. */
  async append(parts: readonly Buffer[]): Promise<void> {
    let rest: Buffer[] = parts.filter(({ length }) => length > 0);
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, this.#size);
      if (bytesWritten === 0) throw new Error('the disk takes no more, and says nothing');
      this.#size += bytesWritten;
      rest = behind(rest, bytesWritten);
    }
  }

  /** Replaces bytes that are there. */
  async overwrite(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** What is left of these when so many bytes of them are gone. */
function behind(parts: readonly Buffer[], bytes: number): Buffer[] {
  let gone = bytes;
  for (const [index, part] of parts.entries()) {
    if (gone < part.length) return [part.subarray(gone), ...parts.slice(index + 1)];
    gone -= part.length;
  }
  return [];
}
