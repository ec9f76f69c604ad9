import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../support/temp-directory.ts';
import { newAdministrator, newUser, writeAccess } from './access.ts';

describe("an API server's credentials", () => {
  it('list every user with a token of their own, and their groups', async () => {
    await using folder = await tempDirectory();
    const admin = newAdministrator();
    const kubelet = newUser('system:node:a', ['system:nodes', 'others']);
    const proxy = newUser('system:kube-proxy');
    const access = await writeAccess(folder.path, [admin, kubelet, proxy]);
    expect((await readFile(access.tokenFile, 'utf8')).split('\n')).toEqual([
      `${admin.token},admin,admin,"system:masters"`,
      `${kubelet.token},system:node:a,system:node:a,"system:nodes,others"`,
      `${proxy.token},system:kube-proxy,system:kube-proxy`,
    ]);
    expect(new Set([admin.token, kubelet.token, proxy.token]).size).toBe(3);
  });

  it('hold two halves of one key, which nobody else can read', async () => {
    await using folder = await tempDirectory();
    const access = await writeAccess(folder.path, []);
    const own = createPublicKey(createPrivateKey(await readFile(access.serviceAccountKeyFile)));
    expect(own.equals(createPublicKey(await readFile(access.serviceAccountPublicKeyFile)))).toBe(true);
    expect((await stat(access.serviceAccountKeyFile)).mode & 0o077).toBe(0);
  });
});
