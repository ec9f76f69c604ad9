import { isIPv6 } from 'node:net';

const MAPPED_IPV4 = '::ffff:';
/** Of the eight groups of an IPv6 address, those that name a network: a host gets the other half to choose from. */
const NETWORK_GROUPS = 4;

/** Where a connection comes from. */
export class PeerAddress {
  /** An IPv4 address stands as one, also where it came as `::ffff:192.0.2.1`. */
  readonly host: string;
  readonly port: number;
  /** What belongs to one user as a rule: the /64 of an IPv6 address, and an IPv4 address itself. */
  readonly network: string;

  constructor(host: string, port: number) {
    const mapped = host.toLowerCase().startsWith(MAPPED_IPV4) && host.includes('.');
    this.host = mapped ? host.slice(MAPPED_IPV4.length) : host;
    this.port = port;
    this.network = isIPv6(this.host) ? networkOf(this.host) : this.host;
  }

  toString(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }
}

function networkOf(host: string): string {
  const [address = ''] = host.split('%');
  // As a URL has it: hexadecimal throughout, without leading zeros, and the longest run of zeros left out.
  const { hostname } = new URL(`http://[${address}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail ?? '').split(':')];
  return `${all.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
