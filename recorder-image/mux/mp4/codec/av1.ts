import { BitReader } from './bit-reader.ts';
import type { PictureSize } from './picture-size.ts';

const SEQUENCE_HEADER = 1;

/** The size of the picture, by the sequence header among these open bitstream units (AV1, 5.5); undefined without one. */
export function av1Size(units: Buffer): PictureSize | undefined {
  for (let offset = 0; offset < units.length;) {
    const header = units.readUInt8(offset);
    offset += (header & 4) === 0 ? 1 : 2;
    let size = units.length - offset;
    if ((header & 2) !== 0) {
      const length = leb128(units, offset);
      size = length.value;
      offset += length.bytes;
    }
    if (((header >> 3) & 0x0f) === SEQUENCE_HEADER)
      return sequenceSize(new BitReader(units.subarray(offset, offset + size)));
    offset += size;
  }
  return undefined;
}

function sequenceSize(reader: BitReader): PictureSize {
  reader.skip(4);
  if (reader.flag()) reader.skip(5);
  else skipOperatingPoints(reader);
  const [widthBits, heightBits] = [reader.bits(4) + 1, reader.bits(4) + 1];
  return { width: reader.bits(widthBits) + 1, height: reader.bits(heightBits) + 1 };
}

function skipOperatingPoints(reader: BitReader): void {
  let delayBits: number | undefined;
  if (reader.flag()) {
    reader.skip(64);
    if (reader.flag()) reader.ue();
    if (reader.flag()) {
      delayBits = reader.bits(5) + 1;
      reader.skip(32 + 5 + 5);
    }
  }
  const withDisplayDelay = reader.flag();
  const count = reader.bits(5) + 1;
  for (let point = 0; point < count; point += 1) {
    reader.skip(12);
    if (reader.bits(5) > 7) reader.skip(1);
    if (delayBits !== undefined && reader.flag()) reader.skip(2 * delayBits + 1);
    if (withDisplayDelay && reader.flag()) reader.skip(4);
  }
}

function leb128(bytes: Buffer, offset: number): { readonly value: number; readonly bytes: number } {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes.readUInt8(offset + index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return { value, bytes: index + 1 };
  }
  throw new RangeError('a size of more than eight bytes');
}
