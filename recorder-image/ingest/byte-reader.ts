/** Reads numbers and pieces, one behind the other. Throws RangeError behind the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#skip(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#skip(4));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#skip(8));
  }

  text(length: number): string {
    const start = this.#skip(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  skip(length: number): void {
    this.#skip(length);
  }

  /** Returns where it begins. */
  #skip(length: number): number {
    const start = this.#offset;
    if (start + length > this.#bytes.length) throw new RangeError('cut short');
    this.#offset = start + length;
    return start;
  }
}
