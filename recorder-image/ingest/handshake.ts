import Rtmp from 'node-media-server/src/protocol/rtmp.js';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';

const HANDSHAKE_BYTES = 1536;
const VERSION = 3;
const UNTOUCHED = 0;
const OVER = 3;

/**
 * The server's side of an RTMP handshake, plain or with digests. The work is node-media-server's; its class is not made,
 * because each one of it comes with a buffer of 1 MiB, and a crowd of connections with as many.
 */
export class Handshake implements Rtmp.Handshaking {
  readonly onOutputCallback: (bytes: Buffer) => void;
  readonly handshakePayload = Buffer.alloc(HANDSHAKE_BYTES);
  handshakeState = UNTOUCHED;
  handshakeBytes = 0;
  #rest: Buffer | undefined;

  constructor(onOutput: (bytes: Buffer) => void) {
    this.onOutputCallback = onOutput;
  }

  get over(): boolean {
    return this.handshakeState === OVER;
  }

  /** Returns what has come behind the end of the handshake; undefined where nothing has. Throws {@link RtmpProtocolError}. */
  read(bytes: Buffer): Buffer | undefined {
    if (this.handshakeState === UNTOUCHED && bytes[0] !== VERSION) {
      throw new RtmpProtocolError(`not RTMP: version ${bytes[0]}`);
    }
    Rtmp.prototype.parserData.call(this, bytes);
    return this.#rest;
  }

  /** Called with what is behind the handshake. */
  chunkRead(bytes: Buffer, offset: number, length: number): null {
    this.#rest = bytes.subarray(offset, offset + length);
    return null;
  }
}
