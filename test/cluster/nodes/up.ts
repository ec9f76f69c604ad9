import { mkdir } from 'node:fs/promises';
import { withImageBuilder } from '../images/ensure-image.ts';
import { pauseImage } from '../images/table.ts';
import { step } from '../progress.ts';
import { makeCgroup } from './cgroups.ts';
import type { ClusterTools } from './cluster-tools.ts';
import { startApiServer, startControllers } from './control-plane.ts';
import { makeCredentials, writeUserKubeconfig } from './credentials.ts';
import { fullReference, loadImages } from './load-images.ts';
import { connectNode, makeBridge, routeServices } from './network.ts';
import { startContainerRuntime, startKubelet } from './node-daemons.ts';
import { startNode } from './node-namespaces.ts';
import type { ClusterPlan } from './plan.ts';
import { administratorKubeconfig, waitUntilNodesReady } from './status.ts';

/** Makes a cluster of a control plane and two nodes, where nothing of it is there yet. */
export async function makeCluster(plan: ClusterPlan, tools: ClusterTools): Promise<void> {
  const pause = await withImageBuilder((build) => build(pauseImage));
  const sandboxImage = fullReference(pause.reference);

  await step('namespaces and network', async () => {
    await mkdir(plan.directory, { recursive: true, mode: 0o700 });
    await makeCgroup(plan.systemCgroup);
    await makeBridge(plan);
    await Promise.all(plan.nodes.map((node) => startNode(plan, node)));
    for (const node of plan.nodes) await connectNode(plan, node);
    await routeServices(plan);
  });
  const credentials = await makeCredentials(plan);
  await Promise.all([
    step('API server', () => startApiServer(plan, tools, credentials)),
    step('container runtimes', async () => {
      await Promise.all(plan.nodes.map((node) => startContainerRuntime(plan, node, sandboxImage)));
      await loadImages(plan, [pause]);
    }),
  ]);
  await step('nodes ready', async () => {
    const { access, users } = credentials;
    await writeUserKubeconfig(plan, access, users.administrator, administratorKubeconfig(plan));
    await Promise.all([
      startControllers(plan, tools, credentials),
      ...plan.nodes.map((node) => startKubelet(plan, node, tools, credentials)),
    ]);
    await waitUntilNodesReady(plan, tools.kubectl);
  });
}
