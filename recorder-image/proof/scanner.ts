import { crc32 } from 'node:zlib';
import { combineCrc32 } from '../support/crc32-combine.ts';
import type { FileScan, FormatReader } from './file-scan.ts';
import { PushParser, ScanError } from './push-parser.ts';

/** More than any header: tracks, codec parameters and room for what is filled in at the end. */
const MAX_HEAD_BYTES = 1024 * 1024;

/**
 * Reads a file as its bytes pass, in pieces of any size. Keeps its first bytes up to the media, which may be other ones
 * in the end, and of the rest only what it adds up to.
 */
export class Scanner {
  readonly #reader: FormatReader;
  readonly #parser: PushParser;
  readonly #head: Buffer[] = [];
  #headSize = 0;
  #headIsWhole = false;
  #finalHead: Buffer | undefined;
  #restCrc = 0;
  #size = 0;
  #failure: ScanError | undefined;

  constructor(reader: FormatReader) {
    this.#reader = reader;
    this.#parser = new PushParser((position) => reader.parse(position));
  }

  /** Never throws: what is wrong is in the result. */
  write(bytes: Buffer): void {
    if (this.#failure === undefined) this.#attempt(() => this.#parser.write(bytes));
    this.#add(bytes);
  }

  /** First bytes of the file as they are in the end, in order. More than its head is fine; 0 begins again. */
  writeFinalHead(bytes: Buffer, offset: number): void {
    if (offset >= this.#headSize) return;
    if (this.#finalHead === undefined || offset === 0) this.#finalHead = Buffer.alloc(this.#headSize);
    bytes.copy(this.#finalHead, offset);
  }

  /** Nothing more comes. */
  end(): FileScan {
    if (this.#failure === undefined) this.#attempt(() => this.#parser.end());
    const head = this.#finalHead ?? Buffer.concat(this.#head);
    const sizeBytes = this.#size;
    const damage =
      this.#failure === undefined ? this.#reader.check(head, sizeBytes) : [this.#failure.message];
    return {
      tracks: this.#reader.tracks,
      sizeBytes,
      crc32: combineCrc32([
        { crc32: crc32(head), size: this.#headSize },
        { crc32: this.#restCrc, size: sizeBytes - this.#headSize },
      ]),
      damage,
    };
  }

  #attempt(parse: () => void): void {
    try {
      parse();
    } catch (error) {
      if (!(error instanceof ScanError)) throw error;
      this.#failure = error;
    }
  }

  #add(bytes: Buffer): void {
    const left = this.#leftOfHead(bytes.length);
    if (left > 0) {
      // The bytes are only lent.
      this.#head.push(Buffer.from(bytes.subarray(0, left)));
      this.#headSize += left;
    }
    this.#restCrc = crc32(bytes.subarray(left), this.#restCrc);
    this.#size += bytes.length;
  }

  /** How many of the next bytes are still of the head. */
  #leftOfHead(size: number): number {
    if (this.#headIsWhole) return 0;
    const most = Math.min(this.#reader.headSize ?? MAX_HEAD_BYTES, MAX_HEAD_BYTES);
    this.#headIsWhole = this.#reader.headSize !== undefined || this.#size + size >= MAX_HEAD_BYTES;
    return Math.max(0, Math.min(size, most - this.#size));
  }
}
