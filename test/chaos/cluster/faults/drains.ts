import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS, MANAGER_NAME, RECORDER_APP_NAME } from '../../../../operator/crd/names.ts';
import type { ClusterFault, Scene } from './fault.ts';

const BUDGET = 'chaos-recorder';
/** How long it is watched that a drain that may not evict does not. */
const HELD_MS = 8000;

export const drain: ClusterFault = {
  name: 'drain',
  scope: 'cluster',
  sparesRecorders: false,
  onFrailNode: true,
  strike: async (_subjects, scene) => {
    await scene.world.uncordon(scene.world.nodes.steady);
    await drainFrailNode(scene);
  },
  restore: async ({ world }) => await world.uncordon(world.nodes.frail),
};

let draining: Promise<unknown> = Promise.resolve();

export const drainEvictionNever: ClusterFault = {
  name: 'drain-eviction-never',
  scope: 'cluster',
  sparesRecorders: true,
  onFrailNode: true,
  strike: async (_subjects, scene) => {
    const { world, signal } = scene;
    await world.uncordon(world.nodes.steady);
    await world.kubectl.apply(disruptionBudget(world.namespace));
    // It ends when the recordings have.
    draining = drainFrailNode(scene);
    draining.catch(() => undefined);
    await sleep(HELD_MS, undefined, { signal }).catch(() => undefined);
  },
  complaints: (_subject, { last }) =>
    last?.status?.reason === 'Drained' || (last?.status?.attempt ?? 1) > 1
      ? ['it was drained, although nothing may evict it']
      : [],
  restore: async ({ world }) => {
    try {
      await draining;
    } finally {
      await world.kubectl.run('delete', 'poddisruptionbudget', BUDGET, '--ignore-not-found');
      await world.uncordon(world.nodes.frail);
    }
  },
};

async function drainFrailNode({ world }: Scene): Promise<void> {
  const flags = ['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=180s'];
  await world.kubectl.run('drain', world.nodes.frail.name, ...flags);
}

/** What the chart makes with `recorder.eviction: Never`. */
function disruptionBudget(namespace: string): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: BUDGET, namespace },
    spec: {
      maxUnavailable: 0,
      selector: { matchLabels: { [LABELS.name]: RECORDER_APP_NAME, [LABELS.managedBy]: MANAGER_NAME } },
    },
  };
}
