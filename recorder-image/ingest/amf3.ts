/** A value, and the bytes from the beginning of the buffer to its end. */
interface Decoded {
  readonly value: unknown;
  readonly len: number;
}

interface Traits {
  readonly dynamic: boolean;
  readonly members: readonly string[];
}

/**
 * Reads one value of AMF3 ("Action Message Format - AMF 3", chapter 3) that begins at `offset`. Throws RangeError where it
 * is cut short, refers to what is not there, or is of a type that clients don't send in commands.
 */
export function readAmf3(bytes: Buffer, offset: number): Decoded {
  const reader = new Amf3Reader(bytes, offset);
  const value = reader.value();
  return { value, len: reader.offset };
}

class Amf3Reader {
  readonly #bytes: Buffer;
  readonly #strings: string[] = [];
  readonly #objects: unknown[] = [];
  readonly #traits: Traits[] = [];
  offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  value(): unknown {
    const marker = this.#byte();
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
        return this.#double();
      case 0x06:
        return this.#string();
      case 0x08:
        return this.#referable(() => this.#double());
      case 0x09:
        return this.#referable((count) => this.#array(count));
      case 0x0a:
        return this.#referable((flags) => this.#object(flags));
      // Documents and byte arrays, of which only the length matters here.
      case 0x07:
      case 0x0b:
      case 0x0c:
        return this.#referable((length) => this.#take(length));
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

  #array(count: number): unknown {
    const named = this.#pairs();
    const values: unknown[] = [];
    for (let index = 0; index < count; index += 1) values.push(this.value());
    return named.size === 0 ? values : Object.fromEntries([...named, ...Object.entries(values)]);
  }

  #object(flags: number): unknown {
    const traits = (flags & 1) === 0 ? entry(this.#traits, flags >> 1) : this.#newTraits(flags >> 1);
    const members = traits.members.map((name): [string, unknown] => [name, this.value()]);
    return Object.fromEntries([...members, ...(traits.dynamic ? this.#pairs() : [])]);
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

  #pairs(): Map<string, unknown> {
    const pairs = new Map<string, unknown>();
    for (let name = this.#string(); name !== ''; name = this.#string()) pairs.set(name, this.value());
    return pairs;
  }

  #string(): string {
    const header = this.#integer();
    if ((header & 1) === 0) return entry(this.#strings, header >> 1);
    const text = this.#take(header >> 1).toString('utf8');
    if (text !== '') this.#strings.push(text);
    return text;
  }

  #double(): number {
    return this.#take(8).readDoubleBE();
  }

  /** Up to four bytes: seven bits of each that another one follows, and eight of a fourth. */
  #integer(): number {
    let value = 0;
    for (let index = 0; index < 3; index += 1) {
      const byte = this.#byte();
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return value * 256 + this.#byte();
  }

  #byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  #take(length: number): Buffer {
    const end = this.offset + length;
    if (end > this.#bytes.length) throw new RangeError('cut short');
    const taken = this.#bytes.subarray(this.offset, end);
    this.offset = end;
    return taken;
  }
}

function entry<T>(table: readonly T[], index: number): T {
  if (index >= table.length) throw new RangeError(`no entry ${index}`);
  return table[index] as T;
}
