import type { ByteReader } from './byte-reader.ts';

/** Objects within objects, and within those of AMF0. */
const MAX_DEPTH = 16;

interface Traits {
  readonly dynamic: boolean;
  readonly members: readonly string[];
}

/**
 * Reads one value of AMF3 ("Action Message Format - AMF 3", chapter 3). Throws RangeError where it is cut short, nested too
 * deeply, refers to what is not there, or is of a type that clients don't send in commands.
 */
export function readAmf3(reader: ByteReader, depth: number): unknown {
  return new Amf3Value(reader).read(depth);
}

/** What one value may refer back to, while it is read. */
class Amf3Value {
  readonly #reader: ByteReader;
  readonly #strings: string[] = [];
  readonly #objects: unknown[] = [];
  readonly #traits: Traits[] = [];

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  read(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
    const marker = this.#reader.uint8();
    switch (marker) {
      case 0x00:
        return undefined;
      case 0x01:
        return null;
      case 0x02:
        return false;
      case 0x03:
        return true;
      case 0x04:
        // 29 bits with a sign.
        return (this.#integer() << 3) >> 3;
      case 0x05:
        return this.#reader.double();
      case 0x06:
        return this.#string();
      case 0x08:
        return this.#referable(() => this.#reader.double());
      case 0x09:
        return this.#referable((count) => this.#array(count, depth + 1));
      case 0x0a:
        return this.#referable((flags) => this.#object(flags, depth + 1));
      // Documents and byte arrays, of which only the length matters here.
      case 0x07:
      case 0x0b:
      case 0x0c:
        return this.#referable((length) => this.#reader.skip(length));
      default:
        throw new RangeError(`AMF3 marker ${marker}`);
    }
  }

  /** What may be a reference to an earlier one: `read` is given what stands beside the flag that it is none. */
  #referable(read: (rest: number) => unknown): unknown {
    const header = this.#integer();
    if ((header & 1) === 0) return entry(this.#objects, header >> 1);
    // Its place is taken before what is in it.
    const place = this.#objects.push(undefined) - 1;
    const value = read(header >> 1);
    this.#objects[place] = value;
    return value;
  }

  #array(count: number, depth: number): unknown {
    const named = this.#pairs(depth);
    const values: unknown[] = [];
    for (let index = 0; index < count; index += 1) values.push(this.read(depth));
    return named.length === 0 ? values : Object.fromEntries([...named, ...Object.entries(values)]);
  }

  #object(flags: number, depth: number): unknown {
    const traits = (flags & 1) === 0 ? entry(this.#traits, flags >> 1) : this.#newTraits(flags >> 1);
    const members = traits.members.map((name): [string, unknown] => [name, this.read(depth)]);
    return Object.fromEntries([...members, ...(traits.dynamic ? this.#pairs(depth) : [])]);
  }

  #newTraits(flags: number): Traits {
    // One that writes itself in a way of its own can't be read without knowing it.
    if ((flags & 1) === 1) throw new RangeError('an externalizable object');
    this.#string();
    const members: string[] = [];
    for (let index = 0; index < flags >> 2; index += 1) members.push(this.#string());
    const traits = { dynamic: (flags & 2) !== 0, members };
    this.#traits.push(traits);
    return traits;
  }

  #pairs(depth: number): [string, unknown][] {
    const pairs: [string, unknown][] = [];
    for (let name = this.#string(); name !== ''; name = this.#string()) pairs.push([name, this.read(depth)]);
    return pairs;
  }

  #string(): string {
    const header = this.#integer();
    if ((header & 1) === 0) return entry(this.#strings, header >> 1);
    const text = this.#reader.text(header >> 1);
    if (text !== '') this.#strings.push(text);
    return text;
  }

  /** Up to four bytes: seven bits of each that another one follows, and eight of a fourth. */
  #integer(): number {
    let value = 0;
    for (let index = 0; index < 3; index += 1) {
      const byte = this.#reader.uint8();
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return value * 256 + this.#reader.uint8();
  }
}

function entry<T>(table: readonly T[], index: number): T {
  if (index >= table.length) throw new RangeError(`no entry ${index}`);
  return table[index] as T;
}
