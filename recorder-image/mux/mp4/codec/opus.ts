import { text, u16, u32, u8 } from '../box.ts';
import type { SoundFormat } from './sound-format.ts';

const MAGIC = text('OpusHead');
const FIXED_BYTES = 11;
/** What an Opus stream is played at, whatever it was made of. */
const RATE = 48_000;
/** 20 ms, which nearly all encoders send. */
const FRAME_SAMPLES = 960;

/** What an OpusHead (RFC 7845, 5.1) or a dOps says, with the dOps; undefined where it is neither. */
export function opusFormat(record: Buffer): (SoundFormat & { readonly record: Buffer }) | undefined {
  const isHead = record.subarray(0, MAGIC.length).equals(MAGIC);
  const head = isHead ? record.subarray(MAGIC.length) : record;
  if (head.length < FIXED_BYTES) return undefined;
  const channels = head.readUInt8(1);
  const mapping = head.subarray(FIXED_BYTES - 1);
  const dOps = isHead
    ? Buffer.concat([
        u8(0, channels),
        u16(head.readUInt16LE(2)),
        u32(head.readUInt32LE(4)),
        u16(head.readUInt16LE(8)),
        mapping,
      ])
    : head;
  return { rate: RATE, channels, frameSamples: FRAME_SAMPLES, record: dOps };
}
