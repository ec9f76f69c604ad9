import { setTimeout as sleep } from 'node:timers/promises';
import { podProcesses } from '../../../cluster/nodes/pod-processes.ts';
import { sendSignal } from '../../../cluster/nodes/signals.ts';
import type { KubernetesObject } from '../../../install/kubectl.ts';
import type { ClusterFault, Scene } from './fault.ts';

const DOWN_MS = 12_000;

export const s3Down: ClusterFault = {
  name: 's3-down',
  scope: 'cluster',
  sparesRecorders: true,
  strike: async (_subjects, scene) => {
    // A service that selects nothing refuses connections; those that stand are cut with their server.
    await select(scene, 'nothing');
    const [pod] = await scene.world.kubectl.list<KubernetesObject>('pods', 'app=dev-s3');
    const processes = await podProcesses(scene.world.plan, pod?.metadata.uid ?? '');
    const servers = processes.filter(({ command }) => command.includes('versitygw'));
    for (const { pid } of servers) sendSignal(pid, 'SIGKILL');
    await sleep(DOWN_MS);
    await select(scene, 'dev-s3');
    if (servers.length === 0) throw new Error('the S3 server has no process');
    await scene.world.storeAnswers();
  },
  restore: async (scene) => await select(scene, 'dev-s3'),
};

async function select({ world }: Scene, app: string): Promise<void> {
  await world.kubectl.run(
    'patch',
    'service',
    'dev-s3',
    '--patch',
    JSON.stringify({ spec: { selector: { app } } }),
  );
}
