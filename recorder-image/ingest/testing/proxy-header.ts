const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Version 2; the proxy speaks for another one. */
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;

/** Parts of a header that are not what they should be. */
export interface HeaderParts {
  readonly versionAndCommand?: number;
  readonly family?: number;
  /** Behind the addresses. */
  readonly more?: Buffer;
}

/** A header of the PROXY protocol, version 2, for a connection that comes from this address and port. */
export function proxyHeader(host: string, port: number, parts: HeaderParts = {}): Buffer {
  const ipv6 = host.includes(':');
  const { versionAndCommand = PROXY, family = ipv6 ? TCP6 : TCP4, more = Buffer.alloc(0) } = parts;
  const source = ipv6 ? groups(host) : Buffer.from(host.split('.').map(Number));
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(port);
  const rest = Buffer.concat([source, Buffer.alloc(source.length), ports, more]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  return Buffer.concat([SIGNATURE, Buffer.from([versionAndCommand, family]), length, rest]);
}

/** An IPv6 address whose eight groups are all written. */
function groups(host: string): Buffer {
  const bytes = Buffer.alloc(16);
  for (const [index, group] of host.split(':').entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}
