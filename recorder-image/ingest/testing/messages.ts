/** What a client sends first: its version, its handshake, and the server's answer to it, unchecked. */
export const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536), Buffer.alloc(1536)]);
/** The message type of an AMF0 command. */
export const INVOKE = 20;

/** A value in AMF0. */
export function amf(value: string | number | null | Readonly<Record<string, string>>): Buffer {
  if (value === null) return Buffer.from([5]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), named(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const members = Object.entries(value).map(([name, member]) => Buffer.concat([named(name), amf(member)]));
  return Buffer.concat([Buffer.from([3]), ...members, Buffer.from([0, 0, 9])]);
}

function named(text: string): Buffer {
  const bytes = Buffer.alloc(2 + text.length);
  bytes.writeUInt16BE(text.length);
  bytes.write(text, 2, 'latin1');
  return bytes;
}

export interface ChunkOptions {
  /** From 2 to 65,599. Default: 3 */
  readonly chunkStream?: number;
  /** Of the first chunk: 1 to 3 leave out more and more of its header. Default: 0 */
  readonly format?: 0 | 1 | 2 | 3;
  /** 128 unless told; a list has the sizes of the first chunks, and its last one is that of all others. */
  readonly chunkSize?: number | readonly number[];
  /** What the chunks that continue a message have of an extended timestamp. Default: all of it */
  readonly repeats?: 'field' | 'nothing';
  /** Default: 1 */
  readonly streamId?: number;
}

/**
 * A message in chunks.
 *
 * @param time its time in ms; for a `format` other than 0, the difference to the one before it on its chunk stream
 */
export function chunksOf(
  type: number,
  time: number,
  payload: Buffer,
  options: ChunkOptions = {},
): readonly Buffer[] {
  const { chunkStream = 3, format = 0, chunkSize = 128, repeats = 'field', streamId = 1 } = options;
  const sizes = typeof chunkSize === 'number' ? [chunkSize] : chunkSize;
  const field = Buffer.alloc(11);
  field.writeUIntBE(Math.min(time, 0xff_ffff), 0, 3);
  field.writeUIntBE(payload.length, 3, 3);
  field[6] = type;
  field.writeUInt32LE(streamId, 7);
  const extended = Buffer.alloc(time >= 0xff_ffff ? 4 : 0);
  if (extended.length > 0) extended.writeUInt32BE(time);
  const header = field.subarray(0, [11, 7, 3, 0][format]);
  const chunks: Buffer[] = [];
  let offset = 0;
  do {
    const size = sizes[Math.min(chunks.length, sizes.length - 1)] ?? 128;
    const first = chunks.length === 0;
    const head = first
      ? [basicHeader(format, chunkStream), header, extended]
      : [basicHeader(3, chunkStream), extended.subarray(0, repeats === 'field' ? 4 : 0)];
    chunks.push(Buffer.concat([...head, payload.subarray(offset, offset + size)]));
    offset += size;
  } while (offset < payload.length);
  return chunks;
}

function basicHeader(format: number, chunkStream: number): Buffer {
  const bits = format << 6;
  if (chunkStream < 64) return Buffer.from([bits | chunkStream]);
  const rest = chunkStream - 64;
  return Buffer.from(rest < 256 ? [bits, rest] : [bits | 1, rest & 0xff, rest >> 8]);
}

/** A message in chunks of 128 bytes, with a full header. */
export function message(type: number, timestamp: number, payload: Buffer, chunkStream = 3): Buffer {
  return Buffer.concat(chunksOf(type, timestamp, payload, { chunkStream }));
}

/** Values of AMF0, one behind the other. */
export function values(...all: readonly Parameters<typeof amf>[0][]): Buffer {
  return Buffer.concat(all.map(amf));
}

/** A command in AMF0. */
export function command(...all: readonly Parameters<typeof amf>[0][]): Buffer {
  return message(INVOKE, 0, values(...all));
}

export const connect = (tcUrl = 'rtmp://localhost/live'): Buffer =>
  command('connect', 1, { app: 'live', tcUrl });
export const publish = (key: string): Buffer => command('publish', 5, null, key, 'live');
