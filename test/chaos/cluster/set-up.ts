import { KubeConfig } from '@kubernetes/client-node';
import { existingPlan } from '../../cluster/nodes/cluster-index.ts';
import type { ClusterPlan } from '../../cluster/nodes/plan.ts';
import { ClusterError } from '../../cluster/cluster-error.ts';
import { step } from '../../cluster/progress.ts';
import { builtImages } from '../../install/images.ts';
import { install } from '../../install/installation.ts';
import { Kubectl } from '../../install/kubectl.ts';
import { bringUpCluster } from '../../install/own-cluster.ts';
import type { ChaosOptions, Exposure } from './options.ts';
import { ChaosWorld, nodesOf } from './world.ts';

const NAMESPACE = 'meetrec-chaos';

/** A cluster of nodes of this machine with Meetrec on it, as it is after this whatever an earlier run has left. */
export async function setUp(
  options: Pick<ChaosOptions, 'name' | 'kubeconfig' | 'exposure'>,
): Promise<ChaosWorld> {
  const kubeconfig = options.kubeconfig ?? (await bringUpCluster(options.name));
  const plan = await planOf(kubeconfig);
  const kubectl = await Kubectl.for({ kubeconfig, namespace: NAMESPACE });
  await step('Meetrec is installed with Helm', () => installOn(plan, kubectl, options.exposure));
  return await ChaosWorld.open({ plan, kubectl });
}

/** Processes are killed and cables pulled: that takes a cluster whose nodes are this machine's. */
async function planOf(kubeconfig: string): Promise<ClusterPlan> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const name = config.getCurrentCluster()?.name ?? '';
  const plan = await existingPlan(name);
  if (plan === undefined)
    throw new ClusterError(
      `the cluster ${name} is not one of test/cluster on this machine: its parts can't be killed`,
    );
  return plan;
}

async function installOn(plan: ClusterPlan, kubectl: Kubectl, exposure: Exposure): Promise<void> {
  const { steady, frail } = nodesOf(plan);
  await kubectl.run('uncordon', steady.name);
  // What must survive the frail node does not get there.
  await kubectl.run('cordon', frail.name);
  const nodeSelector = { 'kubernetes.io/hostname': steady.name };
  await install(kubectl, {
    images: await builtImages(),
    values: {
      controller: { replicas: 2, nodeSelector },
      api: { nodeSelector },
      agora: { sweepInterval: 15 },
      ingest: { exposure },
      // Short enough for a run to wait for, long enough for a busy machine.
      recorder: {
        publisherTimeout: 90,
        reconnectWindow: 90,
        lostAfter: 20,
        startTimeout: 90,
        terminationGracePeriodSeconds: 60,
        ephemeralStorage: '1Gi',
      },
    },
  });
  await kubectl.run('uncordon', frail.name);
  await kubectl.run('delete', 'meetingrecordings', '--all', '--wait=true', '--timeout=180s');
}
