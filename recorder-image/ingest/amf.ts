import logger from 'node-media-server/src/core/logger.js';
import { amf0EncodeOne } from 'node-media-server/src/protocol/amf.js';
import { readAmf0 } from './amf0.ts';
import { ByteReader } from './byte-reader.ts';

// It writes to stdout, where only our own lines belong.
logger.log = () => undefined;

/** A command of a client: whatever it has sent. */
export interface RtmpCommand {
  readonly name: unknown;
  readonly transactionId: unknown;
  readonly object: unknown;
  readonly args: readonly unknown[];
}

/** Reads a command. What can't be read, and all behind it, is left out. */
export function decodeCommand(bytes: Buffer): RtmpCommand {
  const [name, transactionId, object, ...args] = decodeValues(bytes);
  return { name, transactionId, object, args };
}

/** As an array that AMF0 keeps in order, instead of one with keys. */
export function strictArray(values: readonly string[]): readonly string[] {
  return Object.defineProperty([...values], 'sarray', { value: true });
}

/** Values of AMF0, one behind the other. Texts must be ASCII. */
export function encodeValues(values: readonly unknown[]): Buffer {
  return Buffer.concat(values.map((value) => amf0EncodeOne(value)));
}

function decodeValues(bytes: Buffer): readonly unknown[] {
  const reader = new ByteReader(bytes);
  const values: unknown[] = [];
  try {
    while (!reader.atEnd) values.push(readAmf0(reader));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return values;
}
