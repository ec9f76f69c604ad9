import { crc32 } from 'node:zlib';

const BUFFER_BYTES = 2048;

/** A table of 32-bit numbers as it would stand in a file: how many bytes it has, and their CRC-32. */
export class TableCrc {
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #crc = 0;
  #bytes = 0;

  add(value: number): void {
    if (this.#used === BUFFER_BYTES) this.#flush();
    this.#buffer.writeUInt32BE(value, this.#used);
    this.#used += 4;
  }

  get sum(): TableSum {
    this.#flush();
    return { bytes: this.#bytes, crc32: this.#crc };
  }

  #flush(): void {
    this.#crc = crc32(this.#buffer.subarray(0, this.#used), this.#crc);
    this.#bytes += this.#used;
    this.#used = 0;
  }
}

export interface TableSum {
  readonly bytes: number;
  readonly crc32: number;
}

/** A table of numbers of which those that follow one another and are equal are one entry: how many, and which. */
export class RunLengthCrc {
  readonly #table = new TableCrc();
  #value = 0;
  #count = 0;

  /** As 32 bits, signed or not. */
  add(value: number): void {
    if (value === this.#value && this.#count > 0) {
      this.#count += 1;
      return;
    }
    this.#flush();
    this.#value = value;
    this.#count = 1;
  }

  get sum(): TableSum {
    this.#flush();
    return this.#table.sum;
  }

  #flush(): void {
    if (this.#count === 0) return;
    this.#table.add(this.#count);
    this.#table.add(this.#value >>> 0);
    this.#count = 0;
  }
}
