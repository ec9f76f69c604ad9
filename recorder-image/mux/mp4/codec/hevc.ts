import { BitReader, rbspOf } from './bit-reader.ts';
import type { PictureSize } from './picture-size.ts';

const ARRAYS = 22;
const SPS = 33;
const GENERAL_PROFILE_BITS = 88;
const LEVEL_BITS = 8;

/** The size of the picture, by the first sequence parameter set (ITU-T H.265, 7.3.2.2) in an hvcC. */
export function hevcSize(record: Buffer): PictureSize {
  const reader = new BitReader(rbspOf(parameterSet(record).subarray(2)));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  skipProfile(reader, subLayers);
  reader.ue();
  const chroma = reader.ue();
  if (chroma === 3) reader.skip(1);
  const [width, height] = [reader.ue(), reader.ue()];
  const [left, right, top, bottom] = reader.flag()
    ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()]
    : [0, 0, 0, 0];
  return {
    width: width - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1),
    height: height - (top + bottom) * (chroma === 1 ? 2 : 1),
  };
}

function parameterSet(record: Buffer): Buffer {
  const arrays = record.readUInt8(ARRAYS);
  let offset = ARRAYS + 1;
  for (let index = 0; index < arrays; index += 1) {
    const type = record.readUInt8(offset) & 0x3f;
    const count = record.readUInt16BE(offset + 1);
    offset += 3;
    for (let nal = 0; nal < count; nal += 1) {
      const length = record.readUInt16BE(offset);
      if (type === SPS) return record.subarray(offset + 2, offset + 2 + length);
      offset += 2 + length;
    }
  }
  throw new RangeError('there is no sequence parameter set');
}

function skipProfile(reader: BitReader, subLayers: number): void {
  reader.skip(GENERAL_PROFILE_BITS + LEVEL_BITS);
  const present = Array.from({ length: subLayers }, () => ({ profile: reader.flag(), level: reader.flag() }));
  if (subLayers > 0) reader.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) {
    reader.skip((profile ? GENERAL_PROFILE_BITS : 0) + (level ? LEVEL_BITS : 0));
  }
}
