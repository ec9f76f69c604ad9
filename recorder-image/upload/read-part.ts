import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Part } from './part-plan.ts';

/** Reads parts into one buffer, which each one takes from the one before: a recorder's memory is its price. */
export class PartReader {
  #buffer: Buffer | undefined;

  /**
   * The part's bytes, good until the next one is read; undefined where the file has become shorter, which it does
   * when it is made again.
   */
  async read(path: string, part: Part): Promise<Buffer | undefined> {
    await using handle = await open(path, 'r');
    if (this.#buffer === undefined || this.#buffer.length < part.size) {
      this.#buffer = Buffer.allocUnsafeSlow(part.size);
    }
    const { bytesRead } = await handle.read(this.#buffer, 0, part.size, part.offset);
    return bytesRead === part.size ? this.#buffer.subarray(0, part.size) : undefined;
  }

  release(): void {
    this.#buffer = undefined;
  }
}

/** As S3's x-amz-checksum-crc32 has it. */
export function crc32Base64(bytes: Buffer): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}
