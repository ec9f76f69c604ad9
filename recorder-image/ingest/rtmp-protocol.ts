import nodeMediaServerLogger from 'node-media-server/src/core/logger.js';
import Rtmp from 'node-media-server/src/protocol/rtmp.js';
import { trackOfType } from '../journal/flv.ts';
import type { Track } from '../journal/flv.ts';

// It writes what clients send to stdout, where only our own lines belong, and where no key may appear.
nodeMediaServerLogger.log = () => undefined;

/** The other side breaks the protocol, or asks for more than it may have. Its connection is closed. */
export class RtmpProtocolError extends Error {
  readonly code = 'RtmpProtocol';
  override readonly name = 'RtmpProtocolError';
}

export interface RtmpHandlers {
  readonly onOutput: (bytes: Buffer) => void;
  /** The other side wants to publish; true lets it. */
  readonly onPublish: (app: string, streamName: string) => boolean;
  /** An audio or video message. `payload` is only good until this returns; `timestamp` in ms, 32 bits. */
  readonly onMedia: (track: Track, timestamp: number, payload: Buffer) => void;
  readonly onUnpublish: () => void;
}

const MESSAGE_AGGREGATE = 22;
const MESSAGE_SET_CHUNK_SIZE = 1;
const CONTROL_TYPES = new Set([1, 2, 3, 5, 6]);
const WRAP = 2 ** 32;
const VERSION = 3;
const HANDSHAKE_UNTOUCHED = 0;
const HANDSHAKE_OVER = 3;
interface Limits {
  readonly messageBytes: number;
  readonly chunkStreams: number;
  /** Of all chunk streams together, whose buffers the engine keeps. */
  readonly heldBytes: number;
}
/** What a client may make us hold before it has proved the key: a connect or publish command is some 300 bytes. */
const UNPROVED: Limits = { messageBytes: 16 * 1024, chunkStreams: 8, heldBytes: 64 * 1024 };
const PROVED: Limits = { messageBytes: 0xff_ffff, chunkStreams: 64, heldBytes: 48 * 1024 * 1024 };
const AGGREGATE_HEADER = 11;
const AGGREGATE_TRAILER = 4;

/**
 * One connection's RTMP, on node-media-server's protocol engine: handshake, chunks and commands are its, and who may
 * do what is decided here. The engine's own sessions and broadcasts are left out, because they take any key, hold the
 * path of a client that has proved nothing, and copy each message three times.
 */
export class RtmpProtocol extends Rtmp {
  readonly #handlers: RtmpHandlers;
  #publishing = false;

  constructor(handlers: RtmpHandlers) {
    super();
    this.#handlers = handlers;
    // The engine makes each connection a buffer of 1 MiB for reading FLV files, which nothing here does: a crowd of
    // connections would fill the memory with them.
    this.flv = undefined;
    this.onOutputCallback = handlers.onOutput;
  }

  /** Whether the handshake is over. */
  get greeted(): boolean {
    return this.handshakeState === HANDSHAKE_OVER;
  }

  /** Feeds what came from the socket. Throws {@link RtmpProtocolError}. */
  receive(bytes: Buffer): void {
    if (this.handshakeState === HANDSHAKE_UNTOUCHED && bytes.length > 0 && bytes[0] !== VERSION) {
      throw new RtmpProtocolError(`not RTMP: version ${bytes[0]}`);
    }
    let complaint: string | null;
    try {
      complaint = this.parserData(bytes);
    } catch (error) {
      if (error instanceof RtmpProtocolError) throw error;
      throw new RtmpProtocolError(`malformed message: ${String(error)}`, { cause: error });
    }
    if (complaint !== null) throw new RtmpProtocolError(complaint);
  }

  /** Called by the engine for each chunk. */
  protected override chunkMessageHeaderRead(): number {
    const { header, bytes } = this.parserPacket;
    const { length } = header;
    const offset = super.chunkMessageHeaderRead();
    // The engine would write past the message's buffer, or read what it has read already again and again.
    if (bytes > 0 && header.length !== length) {
      throw new RtmpProtocolError('a message whose length changes halfway');
    }
    return offset;
  }

  /** Called by the engine when a message begins, with its length and time known. */
  protected override packetAlloc(): void {
    const packet = this.parserPacket;
    const limits = this.#publishing ? PROVED : UNPROVED;
    if (packet.header.length > limits.messageBytes)
      throw new RtmpProtocolError(`a message of ${packet.header.length} bytes`);
    if (this.inPackets.size > limits.chunkStreams)
      throw new RtmpProtocolError(`${this.inPackets.size} chunk streams`);
    // The engine adds deltas up without wrapping, and throws away what is past 2^32 ms.
    packet.clock %= WRAP;
    if (packet.capacity >= packet.header.length) return;
    super.packetAlloc();
    const held = this.inPackets.values().reduce((sum, { capacity }) => sum + capacity, 0);
    if (held > limits.heldBytes) throw new RtmpProtocolError(`${held} bytes of unfinished messages`);
  }

  protected override packetHandler(): void {
    const { header, payload } = this.parserPacket;
    if (CONTROL_TYPES.has(header.type) && header.length < 4)
      throw new RtmpProtocolError('a control message cut short');
    if (header.type === MESSAGE_AGGREGATE && this.#publishing)
      this.#takeApart(payload.subarray(0, header.length));
    super.packetHandler();
  }

  protected override controlHandler(): void {
    super.controlHandler();
    const valid = this.inChunkSize >= 1 && this.inChunkSize <= 0x7fff_ffff;
    if (this.parserPacket.header.type === MESSAGE_SET_CHUNK_SIZE && !valid) {
      throw new RtmpProtocolError(`a chunk size of ${this.inChunkSize}`);
    }
  }

  protected override dataHandler(): void {
    const { header, clock, payload } = this.parserPacket;
    const track = trackOfType(header.type);
    // Metadata is left to the codec configurations: publishers send it wrong, late, or not at all.
    if (track === undefined || !this.#publishing) return;
    this.#handlers.onMedia(track, clock, payload.subarray(0, header.length));
  }

  protected override onConnect(message: Rtmp.InvokeMessage): void {
    const { cmdObj } = message;
    if (!isRecord(cmdObj) || typeof cmdObj['tcUrl'] !== 'string' || !URL.canParse(cmdObj['tcUrl'])) {
      throw new RtmpProtocolError('connect without a tcUrl');
    }
    super.onConnect(message);
  }

  protected override onPublish(message: Rtmp.InvokeMessage): void {
    this.streamId = this.parserPacket.header.stream_id;
    const { streamApp } = this;
    const [streamName = ''] = typeof message.streamName === 'string' ? message.streamName.split('?') : [];
    if (typeof streamApp !== 'string') throw new RtmpProtocolError('publish before connect');
    if (!this.#handlers.onPublish(streamApp, streamName)) {
      this.sendStatusMessage(this.streamId, 'error', 'NetStream.Publish.BadName', 'Publishing is refused.');
      throw new RtmpProtocolError('may not publish');
    }
    this.#publishing = true;
    this.sendStatusMessage(this.streamId, 'status', 'NetStream.Publish.Start', 'Publishing has started.');
  }

  protected override onPlay(): never {
    this.streamId = this.parserPacket.header.stream_id;
    this.sendStatusMessage(this.streamId, 'error', 'NetStream.Play.Failed', 'This server only records.');
    throw new RtmpProtocolError('asked to play');
  }

  protected override onDeleteStream(): void {
    if (this.#publishing) this.#handlers.onUnpublish();
  }

  /** An aggregate message holds FLV tags; the first one's time is the message's, and the others follow from it. */
  #takeApart(bytes: Buffer): void {
    let base: number | undefined;
    for (let offset = 0; offset + AGGREGATE_HEADER <= bytes.length;) {
      const length = bytes.readUIntBE(offset + 1, 3);
      const timestamp = bytes.readUIntBE(offset + 4, 3) + (bytes[offset + 7] ?? 0) * 0x100_0000;
      const start = offset + AGGREGATE_HEADER;
      if (start + length > bytes.length) throw new RtmpProtocolError('an aggregate message cut short');
      base ??= timestamp;
      const track = trackOfType(bytes[offset]);
      const clock = (((this.parserPacket.clock + timestamp - base) % WRAP) + WRAP) % WRAP;
      if (track !== undefined) this.#handlers.onMedia(track, clock, bytes.subarray(start, start + length));
      offset = start + length + AGGREGATE_TRAILER;
    }
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
