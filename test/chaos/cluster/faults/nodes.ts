import { setTimeout as sleep } from 'node:timers/promises';
import { killDaemon, restartDaemon } from '../../../cluster/nodes/components.ts';
import { loseNode, replaceNode } from '../../../cluster/nodes/lost-node.ts';
import type { ClusterFault, Scene } from './fault.ts';
import type { FaultName } from './names.ts';

/** Longer than it takes until the node counts as NotReady. */
const KUBELET_DOWN_MS = 75_000;

export const kubeletKilled: ClusterFault = {
  name: 'kubelet-killed',
  scope: 'cluster',
  sparesRecorders: true,
  onFrailNode: true,
  patienceSeconds: 300,
  strike: async (_subjects, { world, signal }) => {
    await world.uncordon(world.nodes.steady);
    const kubelet = `${world.nodes.frail.name}-kubelet`;
    await killDaemon(world.plan, kubelet);
    let wasReady = false;
    try {
      await sleep(KUBELET_DOWN_MS, undefined, { signal }).catch(() => undefined);
      wasReady = !signal.aborted && (await world.isReady(world.nodes.frail));
    } finally {
      await restartDaemon(world.plan, kubelet);
    }
    if (wasReady) throw new Error('the node was Ready all the time');
  },
};

export const nodeLost = lost('node-lost', async () => undefined);
export const nodeDeleted = lost('node-deleted', async ({ world }) => {
  await world.kubectl.run('delete', 'node', world.nodes.frail.name);
});

function lost(name: FaultName, also: (scene: Scene) => Promise<unknown>): ClusterFault {
  let isLost = false;
  return {
    name,
    scope: 'cluster',
    sparesRecorders: false,
    losesNode: true,
    onFrailNode: true,
    heavy: true,
    // NotReady after 50 s, given up 20 s later; a pod stuck in its deletion is removed by force 150 s after that.
    patienceSeconds: 420,
    strike: async (_subjects, scene) => {
      const { world } = scene;
      await world.uncordon(world.nodes.steady);
      isLost = true;
      await loseNode(world.plan, world.nodes.frail);
      await also(scene);
    },
    restore: async ({ world }) => {
      // One that runs would not survive its replacement.
      if (!isLost) return;
      isLost = false;
      await replaceNode(world.plan, world.nodes.frail);
      await world.nodesAreReady();
    },
  };
}
