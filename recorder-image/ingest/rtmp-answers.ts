import Rtmp from 'node-media-server/src/protocol/rtmp.js';
import { encodeValues } from './amf.ts';

const CONTROL_CHUNK_STREAM = 2;
const COMMAND_CHUNK_STREAM = 3;
const MESSAGE = {
  setChunkSize: 1,
  acknowledgement: 3,
  event: 4,
  windowSize: 5,
  peerBandwidth: 6,
  command: 20,
};
const PING_RESPONSE = 7;
/** As large as node-media-server makes the chunks of its answers. FFmpeg sends in chunks of the size that it is told. */
const CHUNK_BYTES = 0xffff;
const WINDOW_BYTES = 5_000_000;
const DYNAMIC = 2;

export type StatusLevel = 'status' | 'warning' | 'error';

/** What the server says to a client: RTMP's control messages and commands, in chunks. */
export class RtmpAnswers {
  readonly #output: (bytes: Buffer) => void;

  constructor(output: (bytes: Buffer) => void) {
    this.#output = output;
  }

  /** What comes before the answer to `connect`. */
  windows(): void {
    this.#control(MESSAGE.windowSize, uint32(WINDOW_BYTES));
    this.#control(MESSAGE.peerBandwidth, Buffer.concat([uint32(WINDOW_BYTES), Buffer.from([DYNAMIC])]));
    this.#control(MESSAGE.setChunkSize, uint32(CHUNK_BYTES));
  }

  /** How many bytes have come, modulo 2^32. */
  acknowledge(bytes: number): void {
    this.#control(MESSAGE.acknowledgement, uint32(bytes % 2 ** 32));
  }

  /** @param timestamp as the ping had it */
  pong(timestamp: number): void {
    this.#control(MESSAGE.event, Buffer.concat([Buffer.from([0, PING_RESPONSE]), uint32(timestamp)]));
  }

  /** The result of a command. One without a transaction wants none. */
  result(transactionId: unknown, ...values: readonly unknown[]): void {
    this.#reply('_result', transactionId, values);
  }

  error(transactionId: unknown, code: string, description: string): void {
    this.#reply('_error', transactionId, [null, { level: 'error', code, description: ascii(description) }]);
  }

  /** @param streamId of the message stream that it is about */
  status(streamId: number, level: StatusLevel, code: string, description: string): void {
    this.notify(streamId, 'onStatus', { level, code, description: ascii(description) });
  }

  /** A command of the server, to which no answer comes. */
  notify(streamId: number, name: string, info: Readonly<Record<string, string>>): void {
    this.#command(streamId, [name, 0, null, info]);
  }

  #reply(name: string, transactionId: unknown, values: readonly unknown[]): void {
    if (typeof transactionId === 'number' && transactionId !== 0)
      this.#command(0, [name, transactionId, ...values]);
  }

  #command(streamId: number, values: readonly unknown[]): void {
    this.#send(COMMAND_CHUNK_STREAM, MESSAGE.command, streamId, encodeValues(values));
  }

  #control(type: number, payload: Buffer): void {
    this.#send(CONTROL_CHUNK_STREAM, type, 0, payload);
  }

  #send(cid: number, type: number, streamId: number, payload: Buffer): void {
    const header = { fmt: 0, cid, timestamp: 0, length: payload.length, type, stream_id: streamId };
    this.#output(Rtmp.chunksCreate({ header, payload }));
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** AMF counts bytes, and what writes it here counts characters. */
function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
