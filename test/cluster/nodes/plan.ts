import { join } from 'node:path';
import { ClusterError } from '../cluster-error.ts';

/** How many clusters can stand side by side on one machine. */
export const MAX_CLUSTERS = 16;

/** One node: a network and a mount namespace with a kubelet, a containerd and a kube-proxy in it. */
export interface NodePlan {
  readonly name: string;
  readonly address: string;
  readonly podRange: string;
  /** The host's end of the node's cable. */
  readonly hostInterface: string;
  readonly directory: string;
  /** The kubelet's cgroup root, as a path in every hierarchy. */
  readonly cgroup: string;
}

/** Every name, address and path of a cluster, all of it a function of its name and its index. */
export interface ClusterPlan {
  readonly name: string;
  readonly index: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly bridge: string;
  /** The host on the cluster's own network: the API server and the DNS server listen there. */
  readonly hostAddress: string;
  readonly hostCidr: string;
  /** An address of 127.0.0.0/8 for what only the control plane itself uses. */
  readonly loopbackAddress: string;
  readonly server: string;
  readonly serverPort: number;
  readonly dnsPort: number;
  readonly podRange: string;
  readonly serviceRange: string;
  readonly dnsServiceAddress: string;
  /** Everything that belongs to the cluster runs below this cgroup, which is how `down` finds it. */
  readonly cgroup: string;
  readonly systemCgroup: string;
  readonly nodes: readonly NodePlan[];
}

/** Throws ClusterError when a name can't be part of a path, a node's name and a cgroup. */
export function checkClusterName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,29}$/.test(name)) return;
  throw new ClusterError(`"${name}" is no name for a cluster: lower-case letters, digits and -, 30 at most`);
}

export function planCluster(options: { name: string; index: number; stateDirectory: string }): ClusterPlan {
  const { name, index } = options;
  if (!/^[a-z][a-z0-9-]{0,29}$/.test(name)) {
    throw new ClusterError(
      `"${name}" is no name for a cluster: lower-case letters, digits and -, 30 at most`,
    );
  }
  if (!Number.isInteger(index) || index < 0 || index >= MAX_CLUSTERS) {
    throw new ClusterError(`a cluster's index is 0 to ${MAX_CLUSTERS - 1}, not ${index}`);
  }
  const net = 160 + index;
  const directory = join(options.stateDirectory, name);
  const bridge = `meetrec${index}`;
  const cgroup = `/meetrec/${name}`;
  const hostAddress = `10.${net}.0.1`;
  const serverPort = 6443;
  const nodes = [1, 2].map((number): NodePlan => {
    return {
      name: `${name}-node-${number}`,
      address: `10.${net}.0.${10 + number}`,
      podRange: `10.${net}.${64 + number}.0/24`,
      hostInterface: `${bridge}n${number}`,
      directory: join(directory, `node-${number}`),
      cgroup: `${cgroup}/node-${number}`,
    };
  });
  return {
    name,
    index,
    directory,
    logDirectory: join(directory, 'logs'),
    bridge,
    hostAddress,
    hostCidr: `${hostAddress}/24`,
    loopbackAddress: `127.0.${net}.1`,
    server: `https://${hostAddress}:${serverPort}`,
    serverPort,
    dnsPort: 1053,
    podRange: `10.${net}.64.0/18`,
    serviceRange: `10.${net}.128.0/20`,
    dnsServiceAddress: `10.${net}.128.10`,
    cgroup,
    systemCgroup: `${cgroup}/system`,
    nodes,
  };
}
