import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What the packets of one track add up to. */
export interface TrackFigures {
  readonly packets: number;
  /** Of the payloads. */
  readonly bytes: number;
  /** Of the payloads in order, hex. */
  readonly sha256: string;
  /** Of the presentation and decoding time of each packet in order, each as 8 bytes of big-endian ms; hex. */
  readonly timesSha256: string;
  /** Decoding times of the first and the last packet, in ms. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** A checksum for each second from the one of `firstMs` on, of the packets that begin in it: 4 bytes each. */
  readonly seconds: Buffer;
}

const GOING_BACK = Buffer.from([1]);
const TIMES_BYTES = 16;
const TIMES_AT_ONCE = 64;
const TWO_TO_32 = 2 ** 32;
/** A week, which is the longest recording, and a day more. What a broken file puts behind it counts as one second. */
const MAX_SECONDS = 8 * 24 * 3600;

/**
 * Counts the packets of one track and keeps running checksums of them. Whoever holds a packet in one piece uses
 * {@link add}; whoever sees times first and payloads later uses {@link addTimes} and {@link addContent}.
 */
export class TrackLedger {
  #packets = 0;
  #bytes = 0;
  #firstMs = 0;
  #lastMs = 0;
  readonly #payloads = createHash('sha256');
  readonly #times = createHash('sha256');
  /** Of each second, the CRC-32 of payloads and of times. */
  #payloadCrcs = new Uint32Array(64);
  #timeCrcs = new Uint32Array(64);
  #seconds = 0;
  /** Times that are not in a checksum yet, all of one second. */
  readonly #pending = new Uint8Array(TIMES_BYTES * TIMES_AT_ONCE);
  readonly #view = new DataView(this.#pending.buffer);
  #pendingBytes = 0;
  #pendingSecond = 0;

  get packets(): number {
    return this.#packets;
  }

  /** Decoding time of the first packet, in ms. */
  get firstMs(): number {
    return this.#firstMs;
  }

  /** Decoding time of the last packet, in ms. */
  get lastMs(): number {
    return this.#lastMs;
  }

  add(dtsMs: number, ptsMs: number, payload: Buffer): void {
    this.addContent(this.addTimes(dtsMs, ptsMs), payload);
  }

  /** Returns which second the packet begins in, which its payload has to be added to. */
  addTimes(dtsMs: number, ptsMs: number): number {
    if (this.#packets === 0) this.#firstMs = dtsMs;
    const goesBack = this.#packets > 0 && dtsMs < this.#lastMs;
    this.#packets += 1;
    this.#lastMs = dtsMs;
    const second = this.#indexOf(dtsMs);
    if (goesBack) this.#markGoingBack(second);
    const isFull = this.#pendingBytes === this.#pending.length;
    if (isFull || (second !== this.#pendingSecond && this.#pendingBytes > 0)) this.#flushTimes();
    this.#pendingSecond = second;
    const at = this.#pendingBytes;
    this.#setTime(at, ptsMs);
    this.#setTime(at + 8, dtsMs);
    this.#pendingBytes = at + TIMES_BYTES;
    return second;
  }

  /** All of a payload, some of it, or several in a row that begin in the same second. */
  addContent(second: number, payload: Buffer): void {
    this.#bytes += payload.length;
    this.#payloads.update(payload);
    this.#payloadCrcs[second] = crc32(payload, this.#payloadCrcs[second]);
  }

  figures(): TrackFigures {
    this.#flushTimes();
    const seconds = Buffer.alloc(this.#seconds * 4);
    for (let index = 0; index < this.#seconds; index += 1) {
      seconds.writeInt32BE((this.#payloadCrcs[index] ?? 0) ^ (this.#timeCrcs[index] ?? 0), index * 4);
    }
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      sha256: this.#payloads.copy().digest('hex'),
      timesSha256: this.#times.copy().digest('hex'),
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      seconds,
    };
  }

  /** No journal goes back. Without this, seconds that have changed places would each be as they should. */
  #markGoingBack(second: number): void {
    this.#flushTimes();
    this.#timeCrcs[second] = crc32(GOING_BACK, this.#timeCrcs[second]);
  }

  #indexOf(dtsMs: number): number {
    const index = Math.floor(dtsMs / 1000) - Math.floor(this.#firstMs / 1000);
    const second = Math.min(MAX_SECONDS, Math.max(0, index));
    if (second >= this.#seconds) {
      this.#seconds = second + 1;
      if (second >= this.#payloadCrcs.length) this.#grow(second);
    }
    return second;
  }

  #grow(second: number): void {
    const size = Math.min(MAX_SECONDS + 1, Math.max(second + 1, this.#payloadCrcs.length * 2));
    const [payloads, times] = [this.#payloadCrcs, this.#timeCrcs];
    this.#payloadCrcs = new Uint32Array(size);
    this.#payloadCrcs.set(payloads);
    this.#timeCrcs = new Uint32Array(size);
    this.#timeCrcs.set(times);
  }

  /** As 64 bits in two's complement. */
  #setTime(at: number, ms: number): void {
    this.#view.setInt32(at, Math.floor(ms / TWO_TO_32));
    this.#view.setInt32(at + 4, ms);
  }

  #flushTimes(): void {
    const times = this.#pending.subarray(0, this.#pendingBytes);
    this.#times.update(times);
    this.#timeCrcs[this.#pendingSecond] = crc32(times, this.#timeCrcs[this.#pendingSecond]);
    this.#pendingBytes = 0;
  }
}
