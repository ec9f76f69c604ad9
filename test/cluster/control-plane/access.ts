import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Somebody whom the API server knows by a static token. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly token: string;
}

/** The files that tell an API server whom to trust. */
export interface Access {
  readonly tokenFile: string;
  /** Signs service-account tokens: the private half, and the public half that checks them. */
  readonly serviceAccountKeyFile: string;
  readonly serviceAccountPublicKeyFile: string;
  /** The API server makes its own certificate and CA in here when it starts. */
  readonly certificateDirectory: string;
}

/** Where the API server writes its certificate, with the CA that signed it: what clients are to trust. */
export function certificateAuthorityFile(access: Access): string {
  return join(access.certificateDirectory, 'apiserver.crt');
}

export function newUser(name: string, groups: readonly string[] = []): User {
  return { name, groups, token: randomBytes(24).toString('hex') };
}

/** The administrator: in the group that RBAC lets do everything. */
export function newAdministrator(): User {
  return newUser('admin', ['system:masters']);
}

/**
 * Writes an API server's credentials into `directory`. Users have static tokens instead of client
 * certificates: a token needs no certificate authority of ours, and RBAC and the Node authorizer ask only
 * for the name and the groups.
 */
export async function writeAccess(directory: string, users: readonly User[]): Promise<Access> {
  const access: Access = {
    tokenFile: join(directory, 'tokens.csv'),
    serviceAccountKeyFile: join(directory, 'service-accounts.key'),
    serviceAccountPublicKeyFile: join(directory, 'service-accounts.pub'),
    certificateDirectory: join(directory, 'certificates'),
  };
  await mkdir(access.certificateDirectory, { recursive: true, mode: 0o700 });
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const files: [string, string][] = [
    [access.tokenFile, users.map(tokenLine).join('\n')],
    [access.serviceAccountKeyFile, keys.privateKey],
    [access.serviceAccountPublicKeyFile, keys.publicKey],
  ];
  for (const [file, content] of files) await writeFile(file, content, { mode: 0o600 });
  return access;
}

/** See "Static token file" in Kubernetes' reference on authentication: token,user,uid,"group,group". */
function tokenLine({ name, groups, token }: User): string {
  return groups.length === 0 ? `${token},${name},${name}` : `${token},${name},${name},"${groups.join(',')}"`;
}
