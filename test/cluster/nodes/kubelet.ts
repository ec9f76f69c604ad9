import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Program } from '../control-plane/program.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';

export interface KubeletOptions {
  readonly command: string;
  readonly kubeconfig: string;
  /** Signed the certificate by which the API server shows itself to the kubelet. */
  readonly clientCertificateAuthority: string;
}

/** Writes a node's kubelet configuration and returns the program, which is started inside the node. */
export async function prepareKubelet(
  plan: ClusterPlan,
  node: NodePlan,
  options: KubeletOptions,
): Promise<Program> {
  const configuration = join(node.directory, 'kubelet.yaml');
  const resolvConf = join(node.directory, 'resolv.conf');
  await writeFile(resolvConf, '');
  await writeFile(
    configuration,
    stringify(kubeletConfiguration(plan, node, resolvConf, options.clientCertificateAuthority)),
  );
  return {
    name: `${node.name}-kubelet`,
    command: options.command,
    args: [
      `--config=${configuration}`,
      `--kubeconfig=${options.kubeconfig}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${node.address}`,
    ],
  };
}

function kubeletConfiguration(
  plan: ClusterPlan,
  node: NodePlan,
  resolvConf: string,
  clientCAFile: string,
): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile } },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: node.cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDomain: 'cluster.local',
    clusterDNS: [plan.dnsServiceAddress],
    resolvConf,
    protectKernelDefaults: true,
    // Lowering it needs CAP_SYS_RESOURCE, which a virtual machine may not have.
    oomScoreAdj: 0,
    // The disk is the host's: a full one is the host's business until it is nearly too late for the cluster.
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    // There is no registry to pull a collected image from again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // Found out sooner than by default (10 s) when a node is gone; the controller manager's patience is unchanged.
    nodeStatusUpdateFrequency: '5s',
  };
}
