import { ScanError } from './push-parser.ts';

/** A box of MP4 (ISO/IEC 14496-12) within bytes that are there. */
export interface Box {
  readonly type: string;
  /** What is in it, without its header. */
  readonly body: Buffer;
}

export const BOX_HEADER_BYTES = 8;
/** A box whose size does not fit into 32 bits says so, and has it in the next 64. */
export const LARGE_SIZE = 1;

/** The boxes that these bytes consist of. `at` is where they stand in the file. Throws {@link ScanError}. */
export function* boxesIn(bytes: Buffer, at: number): Generator<Box, void, undefined> {
  for (let offset = 0; offset < bytes.length;) {
    if (bytes.length - offset < BOX_HEADER_BYTES) throw new ScanError('half a box', at + offset);
    const size = bytes.readUInt32BE(offset);
    if (size < BOX_HEADER_BYTES || offset + size > bytes.length)
      throw new ScanError('a box that does not fit', at + offset);
    yield {
      type: bytes.toString('latin1', offset + 4, offset + 8),
      body: bytes.subarray(offset + BOX_HEADER_BYTES, offset + size),
    };
    offset += size;
  }
}

/** The first box at the end of this path; undefined where there is none. */
export function boxAt(bytes: Buffer, at: number, ...path: readonly string[]): Buffer | undefined {
  const [type, ...rest] = path;
  if (type === undefined) return bytes;
  for (const box of boxesIn(bytes, at)) if (box.type === type) return boxAt(box.body, at, ...rest);
  return undefined;
}

/** Reads the fields of a box one after the other. Throws {@link ScanError} where it is too short. */
export class Fields {
  readonly #body: Buffer;
  readonly #at: number;
  #offset = 0;

  constructor(body: Buffer, at: number) {
    this.#body = body;
    this.#at = at;
  }

  get left(): number {
    return this.#body.length - this.#offset;
  }

  u16(): number {
    return this.#body.readUInt16BE(this.#skip(2));
  }

  u32(): number {
    return this.#body.readUInt32BE(this.#skip(4));
  }

  i32(): number {
    return this.#body.readInt32BE(this.#skip(4));
  }

  /** 64 bits, of which 53 count. */
  u64(): number {
    return Number(this.#body.readBigUInt64BE(this.#skip(8)));
  }

  i64(): number {
    return Number(this.#body.readBigInt64BE(this.#skip(8)));
  }

  text(bytes: number): string {
    const offset = this.#skip(bytes);
    return this.#body.toString('latin1', offset, offset + bytes);
  }

  skip(bytes: number): this {
    this.#skip(bytes);
    return this;
  }

  /** Version and flags, which full boxes begin with. */
  version(): { readonly version: number; readonly flags: number } {
    const both = this.u32();
    return { version: both >>> 24, flags: both & 0xff_ffff };
  }

  #skip(bytes: number): number {
    const offset = this.#offset;
    if (offset + bytes > this.#body.length) throw new ScanError('a box that is too short', this.#at);
    this.#offset = offset + bytes;
    return offset;
  }
}
