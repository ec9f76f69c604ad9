import logger from 'node-media-server/src/core/logger.js';
import { amf0DecodeOne, amf0EncodeOne } from 'node-media-server/src/protocol/amf.js';
import { readAmf3 } from './amf3.ts';

// It writes what clients send to stdout, where only our own lines belong, and where no key may appear.
logger.log = () => undefined;

const AVMPLUS_OBJECT = 0x11;
const UNSUPPORTED = 0x0d;

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

function decodeValues(bytes: Buffer): unknown[] {
  const values: unknown[] = [];
  for (let at = 0; at < bytes.length;) {
    const decoded = decodeOne(bytes.subarray(at));
    if (decoded === undefined) break;
    values.push(decoded.value);
    at += decoded.len;
  }
  return values;
}

function decodeOne(bytes: Buffer): { readonly value: unknown; readonly len: number } | undefined {
  if (bytes[0] === UNSUPPORTED) return { value: undefined, len: 1 };
  try {
    // AMF3 stands in AMF0 value by value, each behind this marker.
    const decoded = bytes[0] === AVMPLUS_OBJECT ? readAmf3(bytes, 1) : amf0DecodeOne(bytes);
    return decoded === null || !(decoded.len > 0 && decoded.len <= bytes.length) ? undefined : decoded;
  } catch {
    // Cut short, nested without end, or of a type that nobody knows.
    return undefined;
  }
}
