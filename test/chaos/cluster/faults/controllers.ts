import { setTimeout as sleep } from 'node:timers/promises';
import { LEASES } from '../../../../operator/runtime/leader-election.ts';
import { podProcesses } from '../../../cluster/nodes/pod-processes.ts';
import { sendSignal } from '../../../cluster/nodes/signals.ts';
import type { ClusterFault, Scene } from './fault.ts';

/** A leader that finds out that it does not lead any more says so, and ends. */
export const LEADERSHIP_LOST = [
  /^\{"level":50,.*"msg":"leadership lost, stopping"\}$/,
  /^LeadershipLostError: The lease could not be renewed in time\n/,
];
const FROZEN_MS = 25_000;
/** A lease, and the time to fill the caches. */
const TAKEOVER_SECONDS = 25;

export const controllerKilled: ClusterFault = {
  name: 'controller-killed',
  scope: 'cluster',
  sparesRecorders: true,
  blindSeconds: TAKEOVER_SECONDS,
  strike: async (_subjects, scene) => {
    for (const pid of await leaderProcesses(scene)) sendSignal(pid, 'SIGKILL');
  },
};

export const leaderFrozen: ClusterFault = {
  name: 'leader-frozen',
  scope: 'cluster',
  sparesRecorders: true,
  blindSeconds: TAKEOVER_SECONDS,
  tolerated: LEADERSHIP_LOST,
  strike: async (_subjects, scene) => {
    const before = await leader(scene);
    const pids = await leaderProcesses(scene);
    for (const pid of pids) sendSignal(pid, 'SIGSTOP');
    await sleep(FROZEN_MS, undefined, { signal: scene.signal }).catch(() => undefined);
    for (const pid of pids) sendSignal(pid, 'SIGCONT');
    if (scene.signal.aborted) return;
    if ((await leader(scene)) === before) throw new Error('nobody has taken the lead over');
  },
};

/** `POD_UUID` of the controller that leads, as the lease has it. */
async function leader({ world }: Scene): Promise<string> {
  const { kube, namespace } = world;
  const { spec } = await kube.get(LEASES, { namespace, name: 'meetrec-controller' });
  return spec.holderIdentity ?? '';
}

/** Throws when nobody leads. */
async function leaderProcesses(scene: Scene): Promise<number[]> {
  const { kubectl, plan } = scene.world;
  const pod = (await leader(scene)).split('_')[0] ?? '';
  const uid = (await kubectl.get('pod', pod))?.metadata.uid;
  if (uid === undefined) throw new Error(`the leader ${pod} has no pod`);
  const processes = await podProcesses(plan, uid);
  const pids = processes.filter(({ command }) => command.includes('controller.mjs')).map(({ pid }) => pid);
  if (pids.length === 0) throw new Error(`the leader ${pod} has no process`);
  return pids;
}
