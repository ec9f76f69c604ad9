import { ensureTools } from '../toolchain/ensure-tool.ts';

/** Debian's packages that a cluster of nodes needs; everything else is built. */
export const CLUSTER_PACKAGES = [
  'iproute2',
  'iptables',
  'conntrack',
  'openssl',
  'containerd',
  'runc',
  'containernetworking-plugins',
] as const;

const CLUSTER_TOOLS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'coredns',
] as const;

export type ClusterTools = Record<(typeof CLUSTER_TOOLS)[number], string>;

export async function ensureClusterTools(): Promise<ClusterTools> {
  return await ensureTools(CLUSTER_TOOLS);
}
