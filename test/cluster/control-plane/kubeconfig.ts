import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { User } from './access.ts';

export interface KubeconfigOptions {
  readonly clusterName: string;
  /** `https://ADDRESS:PORT`. */
  readonly server: string;
  readonly certificateAuthority: string;
  readonly user: User;
}

/** Writes a kubeconfig that holds everything itself, so that it can be copied anywhere. */
export async function writeKubeconfig(file: string, options: KubeconfigOptions): Promise<void> {
  const { clusterName, server, user } = options;
  const authority = await readFile(options.certificateAuthority);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: clusterName, cluster: { server, 'certificate-authority-data': authority.toString('base64') } },
    ],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user: user.name } }],
    'current-context': clusterName,
  };
  await writeFile(file, stringify(kubeconfig, { lineWidth: 0 }), { mode: 0o600 });
}
