import { waitFor } from '../../support/wait-for.ts';
import { succeeds } from '../run-command.ts';
import { makeCgroup } from './cgroups.ts';
import type { ClusterTools } from './cluster-tools.ts';
import { prepareContainerd } from './containerd.ts';
import { writeUserKubeconfig } from './credentials.ts';
import type { ClusterCredentials } from './credentials.ts';
import { startDaemon } from './daemon.ts';
import { kubeProxy } from './kube-proxy.ts';
import { prepareKubelet } from './kubelet.ts';
import { insideNode } from './node-namespaces.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';

/** Starts a node's containerd and waits until images can be loaded into it. */
export async function startContainerRuntime(
  plan: ClusterPlan,
  node: NodePlan,
  sandboxImage: string,
): Promise<void> {
  const inside = await insideNode(plan, node);
  await startDaemon(plan, await prepareContainerd(node, sandboxImage), inside);
  await waitForContainerRuntime(plan, node);
}

/** Waits until a node's containerd answers. */
export async function waitForContainerRuntime(plan: ClusterPlan, node: NodePlan): Promise<void> {
  const inside = await insideNode(plan, node);
  const [command = 'nsenter', ...args] = inside;
  await waitFor(() => succeeds(command, [...args, 'ctr', 'version']), {
    what: `containerd on ${node.name} (see ${plan.logDirectory})`,
    timeoutMs: 60_000,
    intervalMs: 100,
  });
}

/** Starts a node's kubelet and kube-proxy. Needs the API server, the node's containerd and the sandbox image. */
export async function startKubelet(
  plan: ClusterPlan,
  node: NodePlan,
  tools: ClusterTools,
  { access, users, kubeletClient }: ClusterCredentials,
): Promise<void> {
  const user = users.kubelets.get(node);
  if (user === undefined) throw new Error(`no credentials were made for ${node.name}`);
  const inside = await insideNode(plan, node);
  await makeCgroup(node.cgroup);
  const kubelet = await prepareKubelet(plan, node, {
    command: tools.kubelet,
    kubeconfig: await writeUserKubeconfig(plan, access, user),
    clientCertificateAuthority: kubeletClient.certificateFile,
  });
  await startDaemon(plan, kubelet, inside);
  const proxyKubeconfig = await writeUserKubeconfig(plan, access, users.proxy);
  const proxy = kubeProxy(plan, node, { command: tools['kube-proxy'], kubeconfig: proxyKubeconfig });
  await startDaemon(plan, proxy, inside);
}
