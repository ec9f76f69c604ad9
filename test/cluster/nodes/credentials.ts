import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateAuthorityFile, newAdministrator, newUser, writeAccess } from '../control-plane/access.ts';
import type { Access, User } from '../control-plane/access.ts';
import { writeKubeconfig } from '../control-plane/kubeconfig.ts';
import { run } from '../run-command.ts';
import { DNS_USER } from './core-dns.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';

/** Everybody whom the API server knows, by the name that RBAC has rules for. */
export interface Users {
  readonly administrator: User;
  readonly controllerManager: User;
  readonly scheduler: User;
  readonly proxy: User;
  readonly dns: User;
  readonly kubelets: ReadonlyMap<NodePlan, User>;
}

/** The certificate, its own authority, by which the API server shows itself to kubelets (for logs and exec). */
export interface KubeletClientCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface ClusterCredentials {
  readonly users: Users;
  readonly access: Access;
  readonly kubeletClient: KubeletClientCertificate;
}

export async function makeCredentials(plan: ClusterPlan): Promise<ClusterCredentials> {
  const users: Users = {
    administrator: newAdministrator(),
    controllerManager: newUser('system:kube-controller-manager'),
    scheduler: newUser('system:kube-scheduler'),
    proxy: newUser('system:kube-proxy'),
    dns: newUser(DNS_USER),
    kubelets: new Map(
      plan.nodes.map((node) => [node, newUser(`system:node:${node.name}`, ['system:nodes'])]),
    ),
  };
  const directory = join(plan.directory, 'credentials');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { kubelets, ...others } = users;
  const access = await writeAccess(directory, [...Object.values(others), ...kubelets.values()]);
  return { users, access, kubeletClient: await makeKubeletClientCertificate(directory) };
}

/** Writes a kubeconfig for one of the cluster's own users and returns its path. */
export async function writeUserKubeconfig(
  plan: ClusterPlan,
  access: Access,
  user: User,
  file = join(plan.directory, 'credentials', `${user.name.replaceAll(':', '-')}.kubeconfig`),
): Promise<string> {
  await writeKubeconfig(file, {
    clusterName: plan.name,
    server: plan.server,
    certificateAuthority: certificateAuthorityFile(access),
    user,
  });
  return file;
}

async function makeKubeletClientCertificate(directory: string): Promise<KubeletClientCertificate> {
  const certificateFile = join(directory, 'kubelet-client.crt');
  const keyFile = join(directory, 'kubelet-client.key');
  const subject = '/O=system:masters/CN=kube-apiserver-kubelet-client';
  // prettier-ignore
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '3650',
    '-subj', subject, '-addext', 'extendedKeyUsage=clientAuth', '-keyout', keyFile, '-out', certificateFile,
  ]);
  return { certificateFile, keyFile };
}
