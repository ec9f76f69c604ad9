import { readAmf3 } from './amf3.ts';
import type { ByteReader } from './byte-reader.ts';

/** Objects within objects. Clients send them flat, or nearly so. */
const MAX_DEPTH = 16;

/**
 * Reads one value of AMF0 ("Action Message Format - AMF 0", chapter 2), or one of AMF3 behind its marker. Throws RangeError
 * where it is cut short, nested too deeply, or of a type that clients don't send in commands.
 */
export function readAmf0(reader: ByteReader, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
  const marker = reader.uint8();
  switch (marker) {
    case 0x00:
      return reader.double();
    case 0x01:
      return reader.uint8() !== 0;
    case 0x02:
      return reader.text(reader.uint16());
    case 0x03:
      return readMembers(reader, depth);
    case 0x05:
      return null;
    case 0x06:
    case 0x0d:
      return undefined;
    case 0x08:
      // How many there are is a hint: the end is marked.
      reader.skip(4);
      return readMembers(reader, depth);
    case 0x0a:
      return readList(reader, depth);
    case 0x0b: {
      const time = reader.double();
      // A time zone, which has to be 0.
      reader.skip(2);
      return time;
    }
    case 0x0c:
    case 0x0f:
      return reader.text(reader.uint32());
    case 0x10:
      reader.text(reader.uint16());
      return readMembers(reader, depth);
    case 0x11:
      return readAmf3(reader, depth);
    default:
      throw new RangeError(`AMF0 marker ${marker}`);
  }
}

const OBJECT_END = 0x09;

function readMembers(reader: ByteReader, depth: number): Readonly<Record<string, unknown>> {
  const members: [string, unknown][] = [];
  for (;;) {
    const name = reader.text(reader.uint16());
    if (name === '') {
      if (reader.uint8() !== OBJECT_END) throw new RangeError('a member without a name');
      return Object.fromEntries(members);
    }
    members.push([name, readAmf0(reader, depth + 1)]);
  }
}

function readList(reader: ByteReader, depth: number): readonly unknown[] {
  const values: unknown[] = [];
  for (let count = reader.uint32(); count > 0; count -= 1) values.push(readAmf0(reader, depth + 1));
  return values;
}
