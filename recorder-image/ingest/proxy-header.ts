import { SocketAddress } from 'node:net';
import type { Socket } from 'node:net';
import { PeerAddress } from './peer-address.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_BYTES = 16;
const VERSION_1 = Buffer.from('PROXY', 'latin1');
const VERSION_2 = 2;
const COMMAND = { local: 0, proxy: 1 };
const FAMILY = { ipv4: 1, ipv6: 2 };
/** What a header may have behind its fixed part, in bytes: the addresses, and what a proxy adds about the connection. */
const MAX_REST_BYTES = 2048;

/** What stands where the header should is none, or none that is taken. */
export class ProxyHeaderError extends Error {
  readonly code = 'ProxyHeader';
  override readonly name = 'ProxyHeaderError';
}

export interface ProxyHeader {
  readonly bytes: number;
  /** Undefined where the proxy speaks for itself, or for something that has no IP address. */
  readonly source: PeerAddress | undefined;
}

/**
 * Reads the header of the PROXY protocol, version 2, that a connection begins with. Undefined while it has not come whole.
 * Throws {@link ProxyHeaderError}.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length >= VERSION_1.length && bytes.indexOf(VERSION_1) === 0) {
    throw new ProxyHeaderError('the PROXY protocol in version 1, where only version 2 is taken');
  }
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (!bytes.subarray(0, known).equals(SIGNATURE.subarray(0, known)) && !maybeVersion1(bytes)) {
    throw new ProxyHeaderError('no header of the PROXY protocol');
  }
  if (bytes.length < FIXED_BYTES) return undefined;
  const [version, command] = nibbles(bytes[SIGNATURE.length]);
  const [family] = nibbles(bytes[SIGNATURE.length + 1]);
  const rest = bytes.readUInt16BE(FIXED_BYTES - 2);
  if (version !== VERSION_2) throw new ProxyHeaderError(`the PROXY protocol in version ${version}`);
  if (rest > MAX_REST_BYTES) throw new ProxyHeaderError(`a header of the PROXY protocol with ${rest} bytes`);
  if (bytes.length < FIXED_BYTES + rest) return undefined;
  const header = { bytes: FIXED_BYTES + rest, source: undefined };
  if (command === COMMAND.local) return header;
  if (command !== COMMAND.proxy) throw new ProxyHeaderError(`command ${command} of the PROXY protocol`);
  return { ...header, source: sourceIn(family, bytes.subarray(FIXED_BYTES, FIXED_BYTES + rest)) };
}

/**
 * Reads the header from a socket that nothing was read from, and leaves there what is behind it. Throws
 * {@link ProxyHeaderError}, also when the connection ends before.
 */
export function readProxyHeader(socket: Socket): Promise<ProxyHeader> {
  const { promise, resolve, reject } = Promise.withResolvers<ProxyHeader>();
  let seen = Buffer.alloc(0);
  const onClose = (): void => reject(new ProxyHeaderError('ended before its header of the PROXY protocol'));
  const onData = (bytes: Buffer): void => {
    seen = Buffer.concat([seen, bytes]);
    try {
      const header = parseProxyHeader(seen);
      if (header === undefined) return;
      socket.pause();
      if (seen.length > header.bytes) socket.unshift(seen.subarray(header.bytes));
      resolve(header);
    } catch (error) {
      reject(error);
    }
    socket.off('data', onData);
    socket.off('close', onClose);
  };
  socket.on('data', onData);
  socket.once('close', onClose);
  return promise;
}

function sourceIn(family: number, addresses: Buffer): PeerAddress | undefined {
  if (family === FAMILY.ipv4) {
    if (addresses.length < 12) throw new ProxyHeaderError('a header of the PROXY protocol cut short');
    return new PeerAddress(addresses.subarray(0, 4).join('.'), addresses.readUInt16BE(8));
  }
  if (family !== FAMILY.ipv6) return undefined;
  if (addresses.length < 36) throw new ProxyHeaderError('a header of the PROXY protocol cut short');
  const groups = Array.from({ length: 8 }, (_, index) => addresses.readUInt16BE(index * 2).toString(16));
  // The shortest way to write it, which is how it stands everywhere else.
  const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
  return new PeerAddress(address, addresses.readUInt16BE(32));
}

/** Whether so few bytes have come that they may become either version. */
function maybeVersion1(bytes: Buffer): boolean {
  return bytes.length < VERSION_1.length && VERSION_1.indexOf(bytes) === 0;
}

function nibbles(byte = 0): readonly [number, number] {
  return [byte >> 4, byte & 0x0f];
}
