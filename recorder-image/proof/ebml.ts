import { parseAt, ScanError } from './push-parser.ts';
import type { Parser } from './push-parser.ts';

/** The header of an EBML element (RFC 8794). */
export interface ElementHeader {
  /** With its length marker, as specifications write it. */
  readonly id: number;
  /** Of what is in it, in bytes; undefined where it says that it is not known. */
  readonly size: number | undefined;
}

/** Reads the header of the next element; undefined where the file ends instead, and may. Throws {@link ScanError}. */
export function* readElementHeader(position: () => number, mayEnd: boolean): Parser<ElementHeader> {
  const start = position();
  const id = yield* readNumber(position, { mayEnd, most: 4 });
  const { bits, value } = yield* readNumber(position, { mayEnd: false, most: 8 });
  if (id.bits === 0) throw new ScanError('an element without an id', start);
  const isUnknown = value === 2 ** bits - 1;
  return { id: id.value + 2 ** id.bits, size: isUnknown ? undefined : value };
}

/** A number of variable length: as many zeros as its first byte begins with, so many bytes follow. */
function* readNumber(
  position: () => number,
  { mayEnd, most }: { readonly mayEnd: boolean; readonly most: number },
): Parser<{ bits: number; value: number }> {
  const start = position();
  const [first = 0] = yield { take: 1, mayEnd };
  const more = Math.clz32(first) - 24;
  if (more >= most) throw new ScanError('no element', start);
  let value = first & (0x7f >> more);
  for (const byte of yield { take: more }) value = value * 256 + byte;
  return { bits: 7 * (more + 1), value };
}

export interface Element {
  readonly id: number;
  readonly body: Buffer;
}

/** The elements that these bytes consist of. `at` is where they stand in the file. Throws {@link ScanError}. */
export function* elementsIn(bytes: Buffer, at: number): Generator<Element, void, undefined> {
  for (let offset = 0; offset < bytes.length;) {
    const header = parseAt(bytes, offset, (position) => readElementHeader(position, false));
    const end = header === undefined ? Infinity : header.end + (header.value.size ?? Infinity);
    if (header === undefined || end > bytes.length)
      throw new ScanError('an element that does not fit', at + offset);
    yield { id: header.value.id, body: bytes.subarray(header.end, end) };
    offset = end;
  }
}

export function unsigned(body: Buffer): number {
  let value = 0;
  for (const byte of body) value = value * 256 + byte;
  return value;
}

/** 32 or 64 bits. */
export function float(body: Buffer): number {
  return body.length === 4 ? body.readFloatBE(0) : body.length === 8 ? body.readDoubleBE(0) : Number.NaN;
}
