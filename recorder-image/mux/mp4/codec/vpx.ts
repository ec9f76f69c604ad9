import { BitReader } from './bit-reader.ts';
import type { PictureSize } from './picture-size.ts';

const VP8_START_CODE = 0x9d012a;
const VP9_SYNC_CODE = 0x498342;
const SRGB = 7;

/** The size of the picture, by a key frame of VP8 (RFC 6386, 9.1); undefined for any other frame. */
export function vp8Size(frame: Buffer): PictureSize | undefined {
  if (frame.length < 10 || ((frame[0] ?? 1) & 1) !== 0 || frame.readUIntBE(3, 3) !== VP8_START_CODE)
    return undefined;
  return { width: frame.readUInt16LE(6) & 0x3fff, height: frame.readUInt16LE(8) & 0x3fff };
}

/** The same of VP9 (bitstream specification, 6.2). */
export function vp9Size(frame: Buffer): PictureSize | undefined {
  const reader = new BitReader(frame);
  if (reader.bits(2) !== 2) return undefined;
  const profile = reader.bits(1) + 2 * reader.bits(1);
  if (profile === 3) reader.skip(1);
  const [showsExisting, isInter] = [reader.flag(), reader.flag()];
  reader.skip(2);
  if (showsExisting || isInter || reader.bits(24) !== VP9_SYNC_CODE) return undefined;
  if (profile >= 2) reader.skip(1);
  const isSrgb = reader.bits(3) === SRGB;
  const withSubsampling = profile === 1 || profile === 3;
  if (!isSrgb) reader.skip(withSubsampling ? 4 : 1);
  else if (withSubsampling) reader.skip(1);
  return { width: reader.bits(16) + 1, height: reader.bits(16) + 1 };
}
