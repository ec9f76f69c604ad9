import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../control-plane/program.ts';
import type { NodePlan } from './plan.ts';

/** Writes a node's containerd and CNI configuration and returns the program, which is started inside the node. */
export async function prepareContainerd(node: NodePlan, sandboxImage: string): Promise<Program> {
  const networks = join(node.directory, 'cni');
  const configuration = join(node.directory, 'containerd.toml');
  await mkdir(networks, { recursive: true });
  await writeFile(join(networks, '10-pods.conflist'), JSON.stringify(podNetwork(node), undefined, 2));
  await writeFile(configuration, containerdConfiguration(networks, sandboxImage));
  return { name: `${node.name}-containerd`, command: 'containerd', args: ['--config', configuration] };
}

/** A route for each pod instead of a bridge for all: it works without the kernel's br_netfilter. */
function podNetwork(node: NodePlan): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: { type: 'host-local', ranges: [[{ subnet: node.podRange }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function containerdConfiguration(networks: string, sandboxImage: string): string {
  return `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImage}"
  # Without CAP_SYS_RESOURCE nothing may lower its OOM score, and a sandbox that must would not start.
  restrict_oom_score_adj = true
  # A profile that is loaded for the cluster would stay in the kernel after it.
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${networks}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`;
}
