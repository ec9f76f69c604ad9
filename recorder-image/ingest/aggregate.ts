import { RtmpProtocolError } from './rtmp-protocol-error.ts';

const HEADER_BYTES = 11;
const TRAILER_BYTES = 4;

interface Part {
  readonly type: number;
  /** Milliseconds, 32 bits. */
  readonly timestamp: number;
  readonly payload: Buffer;
}

/**
 * The messages in an aggregate message, which holds them as FLV tags: the first one's time is that of the aggregate, in
 * ms, and the others' follow from it. Throws {@link RtmpProtocolError}.
 */
export function* readAggregate(bytes: Buffer, timestamp: number): Generator<Part> {
  let base: number | undefined;
  for (let offset = 0; offset + HEADER_BYTES <= bytes.length;) {
    const length = bytes.readUIntBE(offset + 1, 3);
    const time = bytes.readUIntBE(offset + 4, 3) + (bytes[offset + 7] ?? 0) * 0x100_0000;
    const start = offset + HEADER_BYTES;
    if (start + length > bytes.length) throw new RtmpProtocolError('an aggregate message cut short');
    base ??= time;
    const payload = bytes.subarray(start, start + length);
    yield { type: bytes[offset] ?? 0, timestamp: (timestamp + time - base) >>> 0, payload };
    offset = start + length + TRAILER_BYTES;
  }
}
