/**
 * Sees the bytes of an output as they are read for their upload, so that nobody has to read the file again. A buffer is
 * good until the call returns: its memory is used again.
 */
export interface OutputObserver {
  /** The output is made anew: its bytes come again from the first one. Also called before they come for the first time. */
  restart(): void;
  /** The next bytes. Each one comes once, in order, whatever is sent again or side by side. */
  write(bytes: Buffer): void;
  /**
   * The first part once more, as it is in the end, in pieces and in order: the first bytes of an MP4 change when it is
   * finished. Not called for what is sent without a file, and for segments. May begin again with `offset` 0.
   */
  finalPart1?(bytes: Buffer, offset: number): void;
  /**
   * All bytes have come, and the object is about to be made of them. `sent` is the CRC-32 of what the store has got;
   * undefined for segments. What it throws keeps the object from being made.
   */
  finished?(sent: { readonly crc32: number } | undefined): Promise<void>;
}

/** Hands bytes on to an observer that were read in any number of tries. */
export class ObservedBytes {
  readonly #observer: OutputObserver | undefined;
  /** What it has seen. */
  #length = 0;

  constructor(observer: OutputObserver | undefined) {
    this.#observer = observer;
  }

  restart(): void {
    this.#length = 0;
    this.#observer?.restart();
  }

  /** Bytes that begin at this offset, or before the end of what was seen. */
  see(bytes: Buffer, offset: number): void {
    const known = this.#length - offset;
    if (known < 0) throw new RangeError(`bytes from ${this.#length} to ${offset} were not read`);
    if (known >= bytes.length) return;
    this.#length = offset + bytes.length;
    this.#observer?.write(known === 0 ? bytes : bytes.subarray(known));
  }

  async finished(sent: { readonly crc32: number } | undefined): Promise<void> {
    await this.#observer?.finished?.(sent);
  }

  seeFinalPart1(bytes: Buffer, offset: number): void {
    this.#observer?.finalPart1?.(bytes, offset);
  }
}
