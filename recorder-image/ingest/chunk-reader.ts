import { RtmpProtocolError } from './rtmp-protocol-error.ts';

/** What a client may make us hold. */
export interface ChunkLimits {
  /** Of one message. */
  readonly messageBytes: number;
  /** Whose headers are remembered. */
  readonly chunkStreams: number;
  /** Of all chunk streams together, for messages that have not come whole. */
  readonly heldBytes: number;
}

export interface RtmpMessage {
  readonly type: number;
  /** Milliseconds, 32 bits. */
  readonly timestamp: number;
  /** Of the message stream that it belongs to. */
  readonly streamId: number;
  /** Only good until the handler returns. */
  readonly payload: Buffer;
}

/** What later chunks of a chunk stream leave out of their headers. */
interface ChunkStream {
  timestamp: number;
  delta: number;
  length: number;
  type: number;
  streamId: number;
  /** The last extended timestamp, as it stood in the header; undefined where the header had none. */
  extended: number | undefined;
  /** Whether a message has begun and not ended. */
  open: boolean;
  /** Bytes of it that have come. */
  filled: number;
  buffer: Buffer;
}

const SET_CHUNK_SIZE = 1;
const ABORT = 2;
const INITIAL_CHUNK_SIZE = 128;
const MAX_CHUNK_SIZE = 0x7fff_ffff;
const MAX_HEADER_BYTES = 18;
/** Of the message header, by the two bits of the chunk's format. */
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;
const CONTINUATION = 3;
const EXTENDED = 0xff_ffff;
const EXTENDED_BYTES = 4;
/** A larger buffer goes back to the collector when its message is complete. */
const KEPT_BUFFER_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Puts the messages of an RTMP connection together from its chunks: "Adobe's Real Time Messaging Protocol", section 5.3.
 * A message that has come whole in one chunk is handed on where it lies; another one is copied once.
 */
export class ChunkReader {
  readonly #onMessage: (message: RtmpMessage) => void;
  readonly #streams = new Map<number, ChunkStream>();
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  /** Bytes of the header that have come. */
  #headerUsed = 0;
  #chunkSize = INITIAL_CHUNK_SIZE;
  /** The chunk stream of the chunk that is being read, and how much of that chunk is still to come. */
  #current: ChunkStream | undefined;
  #left = 0;
  /** The client is known to leave the extended timestamp out of the chunks that continue a message. */
  #leavesOutExtended = false;
  #suspended = false;
  #held: Buffer[] = [];
  limits: ChunkLimits;

  constructor(limits: ChunkLimits, onMessage: (message: RtmpMessage) => void) {
    this.limits = limits;
    this.#onMessage = onMessage;
  }

  /** Takes bytes as they come. Throws {@link RtmpProtocolError}, and what the handler throws. */
  read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#suspended) {
        this.#held.push(bytes.subarray(at));
        return;
      }
      at = this.#left > 0 ? this.#readPayload(bytes, at) : this.#readHeader(bytes, at);
    }
  }

  /** Hands nothing on until {@link resume}: for while it is decided what becomes of the next message. */
  suspend(): void {
    this.#suspended = true;
  }

  /** Goes on, with what has come in the meantime first. */
  resume(): void {
    this.#suspended = false;
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.read(bytes);
  }

  #readHeader(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length;) {
      this.#header[this.#headerUsed++] = bytes[at++] ?? 0;
      const size = this.#headerSize();
      if (this.#headerUsed < size) continue;
      // What was taken for an extended timestamp, and is none.
      const surplus = Buffer.from(this.#header.subarray(size, this.#headerUsed));
      this.#headerUsed = 0;
      this.#begin(size);
      if (surplus.length > 0) this.read(surplus);
      return at;
    }
    return bytes.length;
  }

  /** The size of the header that is being read, as far as that is known from the bytes that have come. */
  #headerSize(): number {
    const first = this.#header[0] ?? 0;
    const format = first >> 6;
    const size = basicHeaderBytes(first) + (MESSAGE_HEADER_BYTES[format] ?? 0);
    if (this.#headerUsed < size) return size;
    if (format !== CONTINUATION) {
      return this.#header.readUIntBE(basicHeaderBytes(first), 3) === EXTENDED ? size + EXTENDED_BYTES : size;
    }
    const stream = this.#streams.get(this.#chunkStreamId());
    if (stream?.extended === undefined || this.#leavesOutExtended) return size;
    // Some clients repeat the extended timestamp here, as the specification has it, and some don't. Those who do repeat
    // either the field or the time that it stands for.
    const rest = this.#header.subarray(size, this.#headerUsed);
    if (beginsWith(stream.extended, rest) || beginsWith(stream.timestamp, rest)) return size + EXTENDED_BYTES;
    this.#leavesOutExtended = true;
    return size;
  }

  #chunkStreamId(): number {
    const [first = 0, second = 0, third = 0] = this.#header;
    const id = first & 0x3f;
    if (id === 0) return 64 + second;
    return id === 1 ? 64 + second + third * 256 : id;
  }

  /** A chunk begins, whose header has `size` bytes. */
  #begin(size: number): void {
    const header = this.#header;
    const format = (header[0] ?? 0) >> 6;
    const stream = this.#streamOf(this.#chunkStreamId(), format);
    if (format !== CONTINUATION) this.#readMessageHeader(stream, format, size);
    if (!stream.open) {
      if (format === 0) stream.timestamp = stream.delta;
      else stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
      if (stream.length > this.limits.messageBytes) {
        throw new RtmpProtocolError(`a message of ${stream.length} bytes`);
      }
      stream.open = true;
    }
    this.#current = stream;
    this.#left = Math.min(this.#chunkSize, stream.length - stream.filled);
    if (stream.length === 0) this.#complete(stream, NOTHING);
  }

  #readMessageHeader(stream: ChunkStream, format: number, size: number): void {
    const header = this.#header;
    const at = basicHeaderBytes(header[0] ?? 0);
    const field = header.readUIntBE(at, 3);
    const extended = field === EXTENDED ? header.readUInt32BE(size - EXTENDED_BYTES) : undefined;
    stream.extended = extended;
    const length = format > 1 ? stream.length : header.readUIntBE(at + 3, 3);
    if (stream.open) {
      // In the middle of a message a header says nothing new, and must not: what has come would not fit any more.
      if (length !== stream.length) throw new RtmpProtocolError('a message whose length changes halfway');
      return;
    }
    stream.delta = extended ?? field;
    if (format > 1) return;
    stream.length = length;
    stream.type = header[at + 6] ?? 0;
    if (format === 0) stream.streamId = header.readUInt32LE(at + 7);
  }

  #streamOf(id: number, format: number): ChunkStream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    if (format > 1) throw new RtmpProtocolError(`chunk stream ${id} begins without a header`);
    if (this.#streams.size >= this.limits.chunkStreams) {
      throw new RtmpProtocolError(`more than ${this.limits.chunkStreams} chunk streams`);
    }
    const state = { timestamp: 0, delta: 0, length: 0, type: 0, streamId: 0, extended: undefined };
    const stream = { ...state, open: false, filled: 0, buffer: NOTHING };
    this.#streams.set(id, stream);
    return stream;
  }

  #readPayload(bytes: Buffer, from: number): number {
    const stream = this.#current;
    const to = Math.min(from + this.#left, bytes.length);
    this.#left -= to - from;
    if (stream === undefined) return to;
    if (to - from === stream.length) {
      this.#complete(stream, bytes.subarray(from, to));
      return to;
    }
    if (stream.buffer.length < stream.length) this.#allocate(stream);
    bytes.copy(stream.buffer, stream.filled, from, to);
    stream.filled += to - from;
    if (stream.filled === stream.length) this.#complete(stream, stream.buffer.subarray(0, stream.length));
    return to;
  }

  #allocate(stream: ChunkStream): void {
    const others = (): number =>
      this.#streams.values().reduce((sum, other) => sum + (other === stream ? 0 : other.buffer.length), 0);
    if (others() + stream.length > this.limits.heldBytes) {
      for (const other of this.#streams.values()) if (!other.open) other.buffer = NOTHING;
    }
    const held = others() + stream.length;
    if (held > this.limits.heldBytes) throw new RtmpProtocolError(`${held} bytes of unfinished messages`);
    // Not taken from the pool, and not filled: pages that no byte of the message comes to are never used.
    stream.buffer = Buffer.allocUnsafeSlow(stream.length);
  }

  #complete(stream: ChunkStream, payload: Buffer): void {
    stream.open = false;
    stream.filled = 0;
    if (stream.buffer.length > KEPT_BUFFER_BYTES) stream.buffer = NOTHING;
    const { type, timestamp, streamId } = stream;
    if (type === SET_CHUNK_SIZE) this.#chunkSize = chunkSizeIn(payload);
    else if (type === ABORT) this.#abort(controlValue(payload));
    else this.#onMessage({ type, timestamp, streamId, payload });
  }

  /** What has come of the message on this chunk stream is thrown away. */
  #abort(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.open = false;
    stream.filled = 0;
  }
}

/** The 32 bits that control messages begin with. Throws {@link RtmpProtocolError}. */
export function controlValue(payload: Buffer): number {
  if (payload.length < 4) throw new RtmpProtocolError('a control message cut short');
  return payload.readUInt32BE();
}

function chunkSizeIn(payload: Buffer): number {
  const size = controlValue(payload);
  if (size < 1 || size > MAX_CHUNK_SIZE) throw new RtmpProtocolError(`a chunk size of ${size}`);
  return size;
}

function basicHeaderBytes(first: number): number {
  const id = first & 0x3f;
  return id > 1 ? 1 : id + 2;
}

/** Whether these are the first bytes of the number as 32 bits. */
function beginsWith(value: number, bytes: Buffer): boolean {
  return bytes.every((byte, index) => byte === ((value >>> (24 - 8 * index)) & 0xff));
}
