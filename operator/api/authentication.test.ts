import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { Authenticator } from './authentication.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const now = () => NOW;
const secret = 'a shared secret of 32 bytes or more';
const seconds = Math.floor(NOW.getTime() / 1000);

function token(claims: Record<string, unknown>, header: Record<string, string> = {}): Promise<string> {
  return new SignJWT({ sub: 'user-1', exp: seconds + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(secret));
}

describe('tokens by a shared secret', () => {
  const authenticator = new Authenticator({ keys: { secret }, issuer: 'backend', audience: 'meetrec', now });
  const claims = { iss: 'backend', aud: 'meetrec' };

  it('tell the user and the scopes', async () => {
    const caller = await authenticator.authenticate(
      `Bearer ${await token({ ...claims, scope: 'a  meetings:write' })}`,
    );
    expect(caller).toEqual({ userId: 'user-1', scopes: new Set(['a', 'meetings:write']) });
  });

  it('may be used a little late, for clocks differ, but not later', async () => {
    const late = await token({ ...claims, exp: seconds - 20 });
    expect(await authenticator.authenticate(`bearer ${late}`)).toMatchObject({ userId: 'user-1' });
    const tooLate = await token({ ...claims, exp: seconds - 40 });
    await expect(authenticator.authenticate(`Bearer ${tooLate}`)).rejects.toMatchObject({
      code: 'token-expired',
    });
  });

  it('are refused by issuer, audience, time, and a user id that is none', async () => {
    const wrong = [
      { ...claims, iss: 'other' },
      { ...claims, aud: 'other' },
      { aud: 'meetrec' },
      { ...claims, nbf: seconds + 60 },
      { ...claims, sub: '' },
      { ...claims, sub: 'x'.repeat(129) },
      { ...claims, sub: 17 },
    ];
    for (const changed of wrong) {
      await expect(authenticator.authenticate(`Bearer ${await token(changed)}`)).rejects.toMatchObject({
        code: 'token-invalid',
      });
    }
  });

  it('are missing where the header is of another kind', async () => {
    for (const header of [undefined, '', 'Bearer', 'Basic dXNlcjpwdw==', 'Bearer a b']) {
      await expect(authenticator.authenticate(header)).rejects.toMatchObject({ code: 'token-missing' });
    }
  });
});

describe('tokens by public keys', () => {
  it('are verified with the keys of the day, never with a public key as a secret', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1' };
    const server = createServer((_request, response) => {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const authenticator = new Authenticator({ keys: { jwksUrl: new URL(`http://127.0.0.1:${port}`) }, now });
    const good = await new SignJWT({ sub: 'user-1', exp: seconds + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
      .sign(privateKey);
    expect(await authenticator.authenticate(`Bearer ${good}`)).toMatchObject({ userId: 'user-1' });
    const confused = await token({}, { kid: 'key-1' });
    await expect(authenticator.authenticate(`Bearer ${confused}`)).rejects.toMatchObject({
      code: 'token-invalid',
    });
    server.close();
    server.closeAllConnections();
  });

  it('go on being taken while keys are rotated, and those of a key that was withdrawn are refused', async () => {
    const served: object[] = [];
    let fetched = 0;
    const server = createServer((_request, response) => {
      fetched += 1;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: served }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const jwksUrl = new URL(`http://127.0.0.1:${port}`);
    const newKey = async (kid: string): Promise<() => Promise<string>> => {
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
      served.push({ ...(await exportJWK(publicKey)), kid });
      return async () =>
        `Bearer ${await new SignJWT({ sub: 'user-1', exp: seconds + 60 })
          .setProtectedHeader({ alg: 'ES256', kid })
          .sign(privateKey)}`;
    };
    const authenticator = new Authenticator({ keys: { jwksUrl }, now, jwksCooldownMs: 0 });
    const byOld = await newKey('old');
    expect(await authenticator.authenticate(await byOld())).toMatchObject({ userId: 'user-1' });
    const byNew = await newKey('new');
    expect(await authenticator.authenticate(await byNew())).toMatchObject({ userId: 'user-1' });
    expect(await authenticator.authenticate(await byOld())).toMatchObject({ userId: 'user-1' });
    expect(fetched).toBe(2);
    served.shift();
    // A token of a key that nobody knows has the keys fetched again.
    const byStranger = await newKey('stranger');
    const strange = await byStranger();
    served.pop();
    await expect(authenticator.authenticate(strange)).rejects.toMatchObject({ code: 'token-invalid' });
    await expect(authenticator.authenticate(await byOld())).rejects.toMatchObject({ code: 'token-invalid' });
    expect(await authenticator.authenticate(await byNew())).toMatchObject({ userId: 'user-1' });
    server.close();
    server.closeAllConnections();
  });

  it('have unknown keys looked for at most now and then, however many such tokens come', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'known' };
    let fetched = 0;
    const server = createServer((_request, response) => {
      fetched += 1;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const authenticator = new Authenticator({ keys: { jwksUrl: new URL(`http://127.0.0.1:${port}`) }, now });
    const { privateKey } = await generateKeyPair('ES256');
    for (let index = 0; index < 20; index += 1) {
      const forged = await new SignJWT({ sub: 'user-1', exp: seconds + 60 })
        .setProtectedHeader({ alg: 'ES256', kid: `unknown-${index}` })
        .sign(privateKey);
      await expect(authenticator.authenticate(`Bearer ${forged}`)).rejects.toMatchObject({
        code: 'token-invalid',
      });
    }
    expect(fetched).toBe(1);
    server.close();
    server.closeAllConnections();
  });

  it('are not called wrong while the keys can not be had', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(500).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const authenticator = new Authenticator({ keys: { jwksUrl: new URL(`http://127.0.0.1:${port}`) }, now });
    const some = await new SignJWT({ sub: 'user-1', exp: seconds + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
      .sign((await generateKeyPair('ES256')).privateKey);
    await expect(authenticator.authenticate(`Bearer ${some}`)).rejects.toMatchObject({
      code: 'keys-unavailable',
    });
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    await expect(authenticator.authenticate(`Bearer ${some}`)).rejects.toMatchObject({
      code: 'keys-unavailable',
    });
  });
});
