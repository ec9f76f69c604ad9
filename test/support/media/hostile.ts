import { connect as dial } from 'node:net';
import type { Socket } from 'node:net';
import {
  amf,
  connect,
  HANDSHAKE,
  INVOKE,
  message,
  publish,
} from '../../../recorder-image/ingest/testing/messages.ts';
import { anyAddress } from '../flood.ts';

const FULL_LENGTH = 0xff_ffff;

let opened = 0;

/**
 * A connection from an address of its own, so that it is not turned away as one of too many. Resets are expected: the
 * recorder closes what it does not like.
 */
export function openQuietly(port: number): Socket {
  const socket = dial({ port, host: '127.0.0.1', localAddress: anyAddress(opened) });
  opened += 1;
  return socket.on('error', () => undefined);
}

/** Returns once it is closed, with an error or without. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** Sends it and returns once the recorder has closed the connection. */
export async function refused(port: number, bytes: Buffer): Promise<void> {
  const socket = openQuietly(port);
  const gone = closed(socket);
  socket.resume();
  socket.write(bytes);
  await gone;
}

const command = (...values: readonly Buffer[]): Buffer => message(INVOKE, 0, Buffer.concat(values));
const nested = (depth: number): Buffer =>
  Buffer.concat(Array.from({ length: depth }, () => Buffer.from([3, 0, 1, 0x61])));
/** Headers of messages that never come. */
const promised = (length: number, chunkStream: number): Buffer => {
  const header = Buffer.alloc(12);
  header[0] = chunkStream;
  header.writeUIntBE(length, 4, 3);
  header[7] = INVOKE;
  return header;
};

/** What strangers send to an RTMP port, by what it is. A recorder closes the connection of each. */
export const ATTACKS: Readonly<Record<string, Buffer>> = {
  'another protocol': Buffer.from('GET / HTTP/1.1\r\nHost: recorder\r\n\r\n'),
  garbage: Buffer.concat([HANDSHAKE, Buffer.alloc(50_000, 0x5a)]),
  'a play request': Buffer.concat([
    HANDSHAKE,
    connect(),
    command(amf('play'), amf(4), amf(null), amf('anything')),
  ]),
  'a wrong key': Buffer.concat([HANDSHAKE, connect(), publish('wrong')]),
  'publishing without connecting': Buffer.concat([HANDSHAKE, publish('wrong')]),
  'a connect without an address': Buffer.concat([HANDSHAKE, command(amf('connect'), amf(1), amf(null))]),
  'a chunk size of 0': Buffer.concat([HANDSHAKE, message(1, 0, Buffer.alloc(4), 2)]),
  'a huge chunk size and a huge message': Buffer.concat([
    HANDSHAKE,
    message(1, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]), 2),
    promised(FULL_LENGTH, 3),
    Buffer.alloc(100_000),
  ]),
  'many unfinished messages': Buffer.concat([
    HANDSHAKE,
    ...Array.from({ length: 60 }, (_, index) =>
      Buffer.concat([promised(8000, index + 3), Buffer.alloc(128)]),
    ),
  ]),
  'deeply nested objects': Buffer.concat([HANDSHAKE, command(amf('connect'), amf(1), nested(2000))]),
  'an array of 4,294,967,295 members': Buffer.concat([
    HANDSHAKE,
    command(amf('connect'), amf(1), Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 5, 5, 5])),
  ]),
  'a string longer than its message': Buffer.concat([
    HANDSHAKE,
    command(amf('connect'), amf(1), Buffer.from([0x0c, 0x7f, 0xff, 0xff, 0xff])),
  ]),
  'a command of a wrong type': Buffer.concat([
    HANDSHAKE,
    connect(),
    command(amf(1), amf(1), amf(null)),
    publish('x'),
  ]),
  'commands without end': Buffer.concat([
    HANDSHAKE,
    connect(),
    ...Array.from({ length: 3000 }, () => command(amf('createStream'), amf(4), amf(null))),
  ]),
  'commands that nobody knows': Buffer.concat([
    HANDSHAKE,
    connect(),
    ...Array.from({ length: 60 }, () => command(amf('makeCoffee'), amf(4), nested(1900))),
  ]),
};
