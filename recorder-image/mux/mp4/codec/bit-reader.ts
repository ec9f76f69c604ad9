/** Reads numbers of any width from bytes, most significant bit first. Behind the end it throws RangeError. */
export class BitReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Up to 32 bits, as an unsigned number. */
  bits(count: number): number {
    let value = 0;
    for (let read = 0; read < count; read += 1) {
      const byte = this.#bytes[this.#position >> 3];
      if (byte === undefined) throw new RangeError('the bits end too early');
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    this.#position += count;
  }

  /** An unsigned Exp-Golomb code, ue(v), as H.264 and HEVC have it. */
  ue(): number {
    let zeros = 0;
    while (this.bits(1) === 0) zeros += 1;
    if (zeros > 32) throw new RangeError('no Exp-Golomb code');
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** A signed one, se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}

/** The payload of a NAL unit without its emulation prevention bytes: 00 00 03 stands for 00 00. */
export function rbspOf(nal: Buffer): Buffer {
  const bytes = Buffer.alloc(nal.length);
  let [used, zeros] = [0, 0];
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes[used] = byte;
    used += 1;
  }
  return bytes.subarray(0, used);
}
