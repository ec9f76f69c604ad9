import type { Access } from './access.ts';
import type { Program } from './program.ts';

export interface ApiServerOptions {
  readonly command: string;
  readonly etcdUrl: string;
  readonly access: Access;
  readonly address: string;
  readonly port: number;
  readonly serviceRange: string;
  /** Arguments of one place only: with or without nodes. */
  readonly extraArgs: readonly string[];
}

/** What an API server of ours has in common wherever it runs: RBAC, and service-account tokens that can be issued. */
export function apiServer(options: ApiServerOptions): Program {
  const { access } = options;
  const issuer = 'https://kubernetes.default.svc.cluster.local';
  return {
    name: 'kube-apiserver',
    command: options.command,
    args: [
      `--etcd-servers=${options.etcdUrl}`,
      `--bind-address=${options.address}`,
      `--advertise-address=${options.address}`,
      `--secure-port=${options.port}`,
      `--service-cluster-ip-range=${options.serviceRange}`,
      `--cert-dir=${access.certificateDirectory}`,
      `--token-auth-file=${access.tokenFile}`,
      `--service-account-issuer=${issuer}`,
      `--service-account-key-file=${access.serviceAccountPublicKeyFile}`,
      `--service-account-signing-key-file=${access.serviceAccountKeyFile}`,
      '--profiling=false',
      // A stopped test must not wait for watches that are open for minutes.
      '--shutdown-delay-duration=0s',
      ...options.extraArgs,
    ],
  };
}
