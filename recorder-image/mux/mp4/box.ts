/** Boxes of the ISO base media file format (ISO/IEC 14496-12). A box is a list of buffers: large tables are never copied. */
export type Bytes = Buffer | readonly Buffer[];

export const BOX_HEADER_SIZE = 8;

/** A box with this content. `type` is four ASCII characters. */
export function box(type: string, ...content: readonly Bytes[]): readonly Buffer[] {
  const parts = content.flat() as readonly Buffer[];
  const header = Buffer.alloc(BOX_HEADER_SIZE);
  header.writeUInt32BE(BOX_HEADER_SIZE + sizeOf(parts));
  header.write(type, 4, 'latin1');
  return [header, ...parts];
}

/** A box that has a version and 24 bits of flags before its content. */
export function fullBox(
  type: string,
  { version = 0, flags = 0 }: { readonly version?: number; readonly flags?: number },
  ...content: readonly Bytes[]
): readonly Buffer[] {
  return box(type, u32((version << 24) | flags), ...content);
}

export function u8(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value & 0xffff, index * 2));
  return bytes;
}

/** Signed values are written as they are in two's complement. */
export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
}

export function u64(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64BE(BigInt(value), index * 8));
  return bytes;
}

export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

export function zeros(length: number): Buffer {
  return Buffer.alloc(length);
}

export function sizeOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
