import type { TrackLedger } from '../media/track-ledger.ts';
import { ScanError } from './push-parser.ts';

interface Extent {
  readonly ledger: TrackLedger;
  readonly second: number;
  /** What is still to come. */
  start: number;
  end: number;
}

/** Where in the file payloads stand that are still to come, and whose they are. */
export class Extents {
  #extents: Extent[] = [];
  #next = 0;

  get isEmpty(): boolean {
    return this.#next === this.#extents.length;
  }

  /** `start` is in bytes of the file; `second` is what the ledger has said of this packet. */
  add(ledger: TrackLedger, second: number, start: number, size: number): void {
    const last = this.#extents.at(-1);
    // Packets that lie side by side are read in one go.
    if (last?.end === start && last.ledger === ledger && last.second === second) last.end += size;
    else if (size > 0) this.#extents.push({ ledger, second, start, end: start + size });
  }

  /** All are known for now. They need not be in the order of the file. */
  sort(): void {
    this.#extents.splice(0, this.#next);
    this.#next = 0;
    this.#extents.sort((a, b) => a.start - b.start);
  }

  /** Bytes of the file, in order. Throws {@link ScanError} where a payload stands before them that has not come. */
  read(bytes: Buffer, offset: number): void {
    const end = offset + bytes.length;
    for (let at = offset; ; this.#next += 1) {
      const extent = this.#extents[this.#next];
      if (extent === undefined || extent.start >= end) return;
      if (extent.start < at) throw new ScanError('a packet outside of the media data', extent.start);
      at = Math.min(end, extent.end);
      extent.ledger.addContent(extent.second, bytes.subarray(extent.start - offset, at - offset));
      extent.start = at;
      if (at < extent.end) return;
    }
  }
}
