const BLOCK_BYTES = 64 * 1024;
const ITEM_BYTES = 4;

/**
 * Numbers of 32 bits as a box has them, in blocks: a table of a long recording grows without being copied, and goes into
 * the file as it is.
 */
export class NumberTable {
  readonly #blocks: Buffer[] = [];
  #free = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Signed values are kept as they are in two's complement. */
  push(value: number): void {
    if (this.#free === 0) {
      this.#blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES));
      this.#free = BLOCK_BYTES;
    }
    this.#blocks.at(-1)?.writeUInt32BE(value >>> 0, BLOCK_BYTES - this.#free);
    this.#free -= ITEM_BYTES;
    this.#length += 1;
  }

  /** Replaces each number, read as a signed one. */
  map(change: (value: number, index: number) => number): void {
    for (let index = 0; index < this.#length; index += 1) {
      const at = index * ITEM_BYTES;
      const block = this.#blocks[Math.floor(at / BLOCK_BYTES)];
      block?.writeInt32BE(change(block.readInt32BE(at % BLOCK_BYTES), index), at % BLOCK_BYTES);
    }
  }

  get bytes(): readonly Buffer[] {
    return this.#blocks.map((block, index) =>
      index === this.#blocks.length - 1 ? block.subarray(0, BLOCK_BYTES - this.#free) : block,
    );
  }
}

/** Numbers that often repeat, as pairs of how often and what: `stts` and `ctts` have them like this. */
export class RunTable {
  readonly #pairs = new NumberTable();
  #count = 0;
  #value = 0;

  push(value: number): void {
    if (this.#count > 0 && value === this.#value) {
      this.#count += 1;
      return;
    }
    this.flush();
    this.#count = 1;
    this.#value = value;
  }

  /** To be called before the table is looked at. */
  flush(): void {
    if (this.#count === 0) return;
    this.#pairs.push(this.#count);
    this.#pairs.push(this.#value);
    this.#count = 0;
  }

  get pairs(): number {
    return this.#pairs.length / 2;
  }

  /** Adds this to each of the numbers. */
  raise(by: number): void {
    this.#pairs.map((value, index) => (index % 2 === 1 ? value + by : value));
  }

  get bytes(): readonly Buffer[] {
    return this.#pairs.bytes;
  }
}
