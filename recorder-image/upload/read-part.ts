import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { combineCrc32 } from '../support/crc32-combine.ts';
import type { FileBody } from './object-store.ts';
import type { Part } from './part-plan.ts';

const CHUNK_BYTES = 512 * 1024;

/** A part as it stands in the file. */
export interface ReadPart {
  readonly body: FileBody;
  /** base64 */
  readonly crc32: string;
}

/**
 * Reads parts of a file, one at a time, by way of two small buffers: a part as a whole in memory would be the largest
 * thing that a recorder holds.
 */
export class PartReader {
  #buffers: readonly [Buffer, Buffer] | undefined;

  /**
   * Reads the part once for its checksum; its body is read again when it is sent. What has changed in between is
   * refused by the server, because of the checksum. Undefined where the file has become shorter, which it does when it
   * is made again. `see` is called with each piece and its offset in the file; the piece is good until it returns.
   */
  async read(
    path: string,
    part: Part,
    see: (bytes: Buffer, offset: number) => void = () => undefined,
  ): Promise<ReadPart | undefined> {
    let [checksum, size] = [0, 0];
    for await (const chunk of this.#chunks(path, part)) {
      checksum = crc32(chunk, checksum);
      see(chunk, part.offset + size);
      size += chunk.length;
    }
    if (size < part.size) return undefined;
    // The next chunk but one is only asked for when the one that it overwrites has left for the kernel.
    const start = (seeSent?: (bytes: Buffer) => void): Readable =>
      Readable.from(this.#whole(path, part, seeSent), { objectMode: false, highWaterMark: 1 });
    return { body: { length: part.size, open: start }, crc32: base64(checksum) };
  }

  release(): void {
    this.#buffers = undefined;
  }

  /** Fails where the file ends too early: the server would go on waiting for what it was promised. */
  async *#whole(
    path: string,
    part: Part,
    see: (bytes: Buffer) => void = () => undefined,
  ): AsyncGenerator<Buffer, void, undefined> {
    let size = 0;
    for await (const chunk of this.#chunks(path, part)) {
      size += chunk.length;
      see(chunk);
      yield chunk;
    }
    if (size < part.size) throw new Error(`${path} has become shorter while a part of it was sent`);
  }

  async *#chunks(path: string, part: Part): AsyncGenerator<Buffer, void, undefined> {
    await using handle = await open(path, 'r');
    const buffers = (this.#buffers ??= [allocate(), allocate()]);
    for (let done = 0, turn = 0; done < part.size; turn += 1) {
      const buffer = turn % 2 === 0 ? buffers[0] : buffers[1];
      const wanted = Math.min(buffer.length, part.size - done);
      const { bytesRead } = await handle.read(buffer, 0, wanted, part.offset + done);
      if (bytesRead === 0) return;
      done += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

/** As S3's x-amz-checksum-crc32 has it. */
export function crc32Base64(bytes: Buffer): string {
  return base64(crc32(bytes));
}

/** Of the object that these parts make, in order. */
export function crc32OfParts(parts: readonly { readonly size: number; readonly crc32: string }[]): number {
  return combineCrc32(
    parts.map(({ size, crc32: text }) => ({ size, crc32: Buffer.from(text, 'base64').readUInt32BE(0) })),
  );
}

function base64(checksum: number): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(checksum);
  return value.toString('base64');
}

function allocate(): Buffer {
  return Buffer.allocUnsafeSlow(CHUNK_BYTES);
}
