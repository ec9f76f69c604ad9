import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../support/wait-for.ts';
import { run, succeeds } from '../run-command.ts';
import { insideNode } from './node-namespaces.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';

/** The cluster's own network: a bridge on which the host and the nodes are neighbours. */
export async function makeBridge(plan: ClusterPlan): Promise<void> {
  await ip([
    `link add ${plan.bridge} type bridge`,
    // Says whose it is, also to a `down` whose state folder was deleted.
    `link set ${plan.bridge} alias ${plan.name}`,
    `addr add ${plan.hostCidr} dev ${plan.bridge}`,
    `link set ${plan.bridge} up`,
  ]);
}

/** Plugs a node into the bridge. Pods are routed, never translated, so they see one another's own addresses. */
export async function connectNode(plan: ClusterPlan, node: NodePlan): Promise<void> {
  const prefix = await insideNode(plan, node);
  const pid = (await readFile(join(node.directory, 'pid'), 'utf8')).trim();
  await ip([
    `link add ${node.hostInterface} type veth peer name eth0 netns ${pid}`,
    `link set ${node.hostInterface} master ${plan.bridge} up`,
    // A node that was lost has left its route behind.
    `route replace ${node.podRange} via ${node.address}`,
  ]);
  const others = plan.nodes.filter((other) => other !== node);
  await ip(
    [
      `addr add ${node.address}/24 dev eth0`,
      'link set eth0 up',
      `route add default via ${plan.hostAddress}`,
      ...others.map((other) => `route add ${other.podRange} via ${other.address}`),
    ],
    prefix,
  );
}

/**
 * Takes away what a lost node's cable was. It goes with the node's namespace, but not at once: what its programs had
 * under way when they were killed is sent again for minutes, and holds the namespace meanwhile.
 */
export async function removeCable(node: NodePlan): Promise<void> {
  await waitFor(
    async () => {
      if (!existsSync(`/sys/class/net/${node.hostInterface}`)) return true;
      return await succeeds('ip', ['link', 'delete', node.hostInterface]);
    },
    { what: `the cable of ${node.name} to go`, timeoutMs: 60_000 },
  );
}

/** Pulls a node's cable: nothing leaves it or comes to it any more, and neither side is told. */
export async function unplugNode(node: NodePlan): Promise<void> {
  await ip([`link set ${node.hostInterface} down`]);
}

/** From the host, services answer through the first node's kube-proxy. */
export async function routeServices(plan: ClusterPlan): Promise<void> {
  const [first] = plan.nodes;
  if (first !== undefined) await ip([`route add ${plan.serviceRange} via ${first.address}`]);
}

/** Removes what the cluster has on the host; its routes go with the bridge. */
export async function removeNetwork(plan: ClusterPlan): Promise<void> {
  const names = [...plan.nodes.map((node) => node.hostInterface), plan.bridge];
  await waitFor(
    async () => {
      const left = names.filter((name) => existsSync(`/sys/class/net/${name}`));
      // A cable goes by itself too, with the node's namespace: it may be gone before it is deleted.
      for (const name of left) await succeeds('ip', ['link', 'delete', name]);
      return left.length === 0;
    },
    { what: `the network of ${plan.name} to go`, timeoutMs: 60_000 },
  );
}

async function ip(commands: readonly string[], prefix: readonly string[] = []): Promise<void> {
  const [command, ...args] = [...prefix, 'ip', '-batch', '-'];
  await run(command, args, { input: `${commands.join('\n')}\n` });
}
