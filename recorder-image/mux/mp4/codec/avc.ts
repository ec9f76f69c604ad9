import { BitReader, rbspOf } from './bit-reader.ts';
import type { PictureSize } from './picture-size.ts';

/** Profiles whose parameter sets say how colours are sampled. */
const WITH_CHROMA_FORMAT: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 134, 135, 138, 139,
]);
const FIRST_SPS = 6;

/** The size of the picture, by the first sequence parameter set (ITU-T H.264, 7.3.2.1.1) in an avcC. */
export function avcSize(record: Buffer): PictureSize {
  const length = record.readUInt16BE(FIRST_SPS);
  const nal = record.subarray(FIRST_SPS + 2, FIRST_SPS + 2 + length);
  const reader = new BitReader(rbspOf(nal.subarray(1)));
  const profile = reader.bits(8);
  reader.skip(16);
  reader.ue();
  const chroma = WITH_CHROMA_FORMAT.has(profile) ? readChroma(reader) : 1;
  reader.ue();
  skipPictureOrder(reader);
  reader.ue();
  reader.skip(1);
  const [columns, rows] = [reader.ue() + 1, reader.ue() + 1];
  const fieldsInRow = reader.flag() ? 1 : 2;
  if (fieldsInRow === 2) reader.skip(1);
  reader.skip(1);
  const [left, right, top, bottom] = reader.flag()
    ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()]
    : [0, 0, 0, 0];
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * fieldsInRow;
  return {
    width: columns * 16 - (left + right) * unitX,
    height: rows * 16 * fieldsInRow - (top + bottom) * unitY,
  };
}

/** Returns chroma_format_idc, or 0 where the colours are coded apart and cropping counts whole samples. */
function readChroma(reader: BitReader): number {
  const format = reader.ue();
  const apart = format === 3 && reader.flag();
  reader.ue();
  reader.ue();
  reader.skip(1);
  if (reader.flag()) {
    for (let list = 0; list < (format === 3 ? 12 : 8); list += 1) {
      if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
    }
  }
  return apart ? 0 : format;
}

function skipScalingList(reader: BitReader, size: number): void {
  let [last, next] = [8, 8];
  for (let index = 0; index < size; index += 1) {
    if (next !== 0) next = (last + reader.se() + 256) % 256;
    last = next === 0 ? last : next;
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.ue();
  if (type === 0) reader.ue();
  if (type !== 1) return;
  reader.skip(1);
  reader.se();
  reader.se();
  const count = reader.ue();
  for (let index = 0; index < count; index += 1) reader.se();
}
