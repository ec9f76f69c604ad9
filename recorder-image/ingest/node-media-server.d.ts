// node-media-server has no types of its own. Only what the ingest uses of it is declared, as its source has it.

declare module 'node-media-server/src/protocol/rtmp.js' {
  /** One connection's RTMP. Its constructor makes a buffer of 1 MiB for reading FLV files: see handshake.ts. */
  class Rtmp {
    /**
     * Takes bytes as they come. As long as the handshake lasts it is all that happens here; what follows it goes to
     * `chunkRead`, which says where in `bytes` it begins and how much it is.
     */
    parserData(this: Rtmp.Handshaking, bytes: Buffer): string | null;

    /** The message in chunks of 65,535 bytes. */
    static chunksCreate(packet: Rtmp.Packet): Buffer;
  }

  namespace Rtmp {
    /** What the handshake works with. */
    interface Handshaking {
      handshakePayload: Buffer;
      /** 0 before the first byte, 3 once the handshake is over. */
      handshakeState: number;
      handshakeBytes: number;
      onOutputCallback: (bytes: Buffer) => void;
      chunkRead: (bytes: Buffer, offset: number, length: number) => string | null;
    }

    interface Packet {
      readonly header: {
        readonly fmt: number;
        readonly cid: number;
        readonly timestamp: number;
        readonly length: number;
        readonly type: number;
        readonly stream_id: number;
      };
      readonly payload: Buffer;
    }
  }

  export = Rtmp;
}

declare module 'node-media-server/src/protocol/amf.js' {
  /** Texts must be ASCII: it writes their length in characters. */
  export function amf0EncodeOne(value: unknown): Buffer;
}

declare module 'node-media-server/src/core/logger.js' {
  const logger: { log: (message: string, level?: string) => void };
  export = logger;
}
