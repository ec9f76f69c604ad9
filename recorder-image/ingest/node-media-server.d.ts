// node-media-server has no types of its own. Only what the ingest uses of it is declared, as its source has it.

declare module 'node-media-server/src/protocol/rtmp.js' {
  interface RtmpHeader {
    timestamp: number;
    length: number;
    type: number;
    stream_id: number;
  }

  interface RtmpPacket {
    readonly header: RtmpHeader;
    /** Milliseconds, absolute. */
    clock: number;
    /** Longer than the message, and used again for the next one on the same chunk stream. */
    payload: Buffer;
    capacity: number;
    /** Of the payload, those that have come. */
    readonly bytes: number;
  }

  /** One connection's RTMP: handshake, chunk streams, commands. Knows nothing of sockets, paths or other connections. */
  class Rtmp {
    /** Reads and writes FLV files. */
    protected flv: unknown;
    protected parserPacket: RtmpPacket;
    protected readonly inPackets: ReadonlyMap<number, RtmpPacket>;
    protected inChunkSize: number;
    /** 0 before the first byte, 3 once the handshake is over. */
    protected readonly handshakeState: number;
    /** The other side's window acknowledgement size, in bytes, once it has named one. */
    ackSize?: number;
    streamApp?: unknown;
    streamName?: unknown;
    protected streamId: number;

    onOutputCallback: (bytes: Buffer) => void;

    /** Takes bytes as they come; a string is an error. Throws whatever malformed bytes make it throw. */
    parserData(bytes: Buffer): string | null;
    sendACK(bytes: number): void;

    /** Returns the offset behind the header. */
    protected chunkMessageHeaderRead(): number;
    protected packetAlloc(): void;
    protected packetHandler(): void;
    protected controlHandler(): void;
    protected dataHandler(): void;
    protected onConnect(message: Rtmp.InvokeMessage): void;
    protected onPublish(message: Rtmp.InvokeMessage): void;
    protected onPlay(message: Rtmp.InvokeMessage): void;
    protected onDeleteStream(message: Rtmp.InvokeMessage): void;
    protected sendStatusMessage(streamId: number, level: string, code: string, description: string): void;
  }

  namespace Rtmp {
    /** An AMF0 command as decoded: whatever the other side has sent. */
    interface InvokeMessage {
      readonly cmd?: unknown;
      readonly transId?: unknown;
      readonly cmdObj?: unknown;
      readonly streamName?: unknown;
    }
  }

  export = Rtmp;
}

declare module 'node-media-server/src/core/logger.js' {
  const logger: { log: (message: string, level?: string) => void };
  export = logger;
}
