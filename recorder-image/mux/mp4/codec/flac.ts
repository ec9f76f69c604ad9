import { BitReader } from './bit-reader.ts';
import { u8 } from '../box.ts';
import type { SoundFormat } from './sound-format.ts';

const STREAMINFO_BYTES = 34;
const BLOCK_HEADER_BYTES = 4;
const LAST_BLOCK = 0x80;

/**
 * What FLAC's STREAMINFO says, with the metadata blocks that dfLa has: that one alone. The record is all metadata
 * blocks, the first of which it is, or STREAMINFO without its header. Undefined where it is cut short.
 */
export function flacFormat(record: Buffer): (SoundFormat & { readonly record: Buffer }) | undefined {
  const start = record.length === STREAMINFO_BYTES ? 0 : BLOCK_HEADER_BYTES;
  const info = record.subarray(start, start + STREAMINFO_BYTES);
  if (info.length < STREAMINFO_BYTES) return undefined;
  const reader = new BitReader(info);
  reader.skip(16);
  const frameSamples = reader.bits(16);
  reader.skip(24 + 24);
  const rate = reader.bits(20);
  const channels = reader.bits(3) + 1;
  if (rate === 0) return undefined;
  return {
    rate,
    channels,
    frameSamples,
    record: Buffer.concat([u8(LAST_BLOCK, 0, 0, STREAMINFO_BYTES), info]),
  };
}
