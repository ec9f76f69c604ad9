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

/** A message as one chunk stream of 128-byte chunks, with a full header. */
export function message(type: number, timestamp: number, payload: Buffer, chunkStream = 3): Buffer {
  const extended = timestamp >= 0xff_ffff;
  const header = Buffer.alloc(extended ? 16 : 12);
  header[0] = chunkStream;
  header.writeUIntBE(extended ? 0xff_ffff : timestamp, 1, 3);
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(1, 8);
  if (extended) header.writeUInt32BE(timestamp, 12);
  const chunks = [header, payload.subarray(0, 128)];
  for (let offset = 128; offset < payload.length; offset += 128) {
    // Each chunk of a message repeats its extended timestamp.
    chunks.push(
      Buffer.from([0xc0 | chunkStream]),
      header.subarray(12),
      payload.subarray(offset, offset + 128),
    );
  }
  return Buffer.concat(chunks);
}

/** A message whose time is told as the difference to the one before it. */
export function delta(type: number, milliseconds: number, payload: Buffer, chunkStream: number): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x40 | chunkStream;
  header.writeUIntBE(milliseconds, 1, 3);
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = type;
  return Buffer.concat([header, payload]);
}

export const connect = (tcUrl = 'rtmp://localhost/live'): Buffer =>
  message(INVOKE, 0, Buffer.concat([amf('connect'), amf(1), amf({ app: 'live', tcUrl })]));
export const publish = (key: string): Buffer =>
  message(INVOKE, 0, Buffer.concat([amf('publish'), amf(5), amf(null), amf(key), amf('live')]));
