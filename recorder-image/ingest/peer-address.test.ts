import { describe, expect, it } from 'vitest';
import { PeerAddress } from './peer-address.ts';

describe('the address of a connection', () => {
  it.each([
    { host: '192.0.2.1', text: '192.0.2.1:5', network: '192.0.2.1' },
    { host: '::ffff:192.0.2.1', text: '192.0.2.1:5', network: '192.0.2.1' },
    { host: '::FFFF:192.0.2.1', text: '192.0.2.1:5', network: '192.0.2.1' },
    { host: '2001:db8::1', text: '[2001:db8::1]:5', network: '2001:db8:0:0::/64' },
    { host: '2001:db8:0:1:ffff::', text: '[2001:db8:0:1:ffff::]:5', network: '2001:db8:0:1::/64' },
    { host: '2001:0DB8:0:1::', text: '[2001:0DB8:0:1::]:5', network: '2001:db8:0:1::/64' },
    { host: '1:2:3:4:5:6:7:8', text: '[1:2:3:4:5:6:7:8]:5', network: '1:2:3:4::/64' },
    { host: '::1', text: '[::1]:5', network: '0:0:0:0::/64' },
    { host: 'fe80::1%eth0', text: '[fe80::1%eth0]:5', network: 'fe80:0:0:0::/64' },
    { host: '', text: ':5', network: '' },
  ])('$host is of $network', ({ host, text, network }) => {
    const address = new PeerAddress(host, 5);
    expect(String(address)).toBe(text);
    expect(address.network).toBe(network);
  });
});
