import type { Program } from '../control-plane/program.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';

/** A node's kube-proxy, which is started inside the node. */
export function kubeProxy(
  plan: ClusterPlan,
  node: NodePlan,
  options: { readonly command: string; readonly kubeconfig: string },
): Program {
  return {
    name: `${node.name}-kube-proxy`,
    command: options.command,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      `--hostname-override=${node.name}`,
      '--proxy-mode=iptables',
      '--nodeport-addresses=primary',
      // What comes from elsewhere than a pod, as the host does, is translated so that the answer finds back.
      `--cluster-cidr=${plan.podRange}`,
      // These limits are the whole machine's, which a network namespace may not change.
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
    ],
  };
}
