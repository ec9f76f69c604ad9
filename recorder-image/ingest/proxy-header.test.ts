import { describe, expect, it } from 'vitest';
import { parseProxyHeader } from './proxy-header.ts';
import { proxyHeader } from './testing/proxy-header.ts';

const behind = Buffer.from([3, 1, 2, 3]);
const LOCAL = 0x20;
const UNIX = 0x31;

describe('the header of a proxy', () => {
  it.each([
    { what: 'an IPv4 address', host: '192.0.2.7', source: '192.0.2.7:4321' },
    { what: 'an IPv6 address', host: '2001:db8:0:0:0:0:0:7', source: '[2001:db8::7]:4321' },
    {
      what: 'an IPv4 address written as an IPv6 one',
      host: '0:0:0:0:0:ffff:c000:207',
      source: '192.0.2.7:4321',
    },
  ])('says where a connection comes from: $what', ({ host, source }) => {
    const header = proxyHeader(host, 4321, { more: Buffer.alloc(100) });
    const parsed = parseProxyHeader(Buffer.concat([header, behind]));
    expect(String(parsed?.source)).toBe(source);
    expect(parsed?.bytes).toBe(header.length);
    for (let length = 0; length < header.length; length += 1) {
      expect(parseProxyHeader(header.subarray(0, length))).toBeUndefined();
    }
  });

  it.each([
    { what: 'the proxy itself', parts: { versionAndCommand: LOCAL } },
    { what: 'something without an IP address', parts: { family: UNIX } },
    { what: 'it knows not what', parts: { family: 0 } },
  ])('may speak for $what, and then says nothing of that', ({ parts }) => {
    expect(parseProxyHeader(proxyHeader('192.0.2.7', 1, parts))).toMatchObject({ source: undefined });
  });

  it.each([
    { what: 'version 1', bytes: Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n'), why: 'version 1' },
    { what: 'RTMP', bytes: Buffer.concat([behind, Buffer.alloc(1536)]), why: 'no header' },
    { what: 'one byte of RTMP', bytes: Buffer.from([3]), why: 'no header' },
    { what: 'TLS', bytes: Buffer.from([0x16, 3, 1, 2]), why: 'no header' },
    { what: 'another protocol', bytes: Buffer.from('POST /'), why: 'no header' },
    { what: 'version 3', bytes: proxyHeader('192.0.2.7', 1, { versionAndCommand: 0x31 }), why: 'version 3' },
    {
      what: 'an unknown command',
      bytes: proxyHeader('192.0.2.7', 1, { versionAndCommand: 0x25 }),
      why: 'command 5',
    },
    {
      what: 'a long header',
      bytes: proxyHeader('192.0.2.7', 1, { more: Buffer.alloc(3000) }),
      why: '3012 bytes',
    },
    { what: 'addresses cut short', bytes: proxyHeader('192.0.2.7', 1, { family: 0x21 }), why: 'cut short' },
  ])('is not $what', ({ bytes, why }) => {
    expect(() => parseProxyHeader(bytes)).toThrow(why);
  });

  it('may begin like version 1 for as long as that can be', () => {
    expect(parseProxyHeader(Buffer.from('PRO'))).toBeUndefined();
    expect(() => parseProxyHeader(Buffer.from('PRI'))).toThrow('no header');
  });
});
