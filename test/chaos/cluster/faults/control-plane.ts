import { setTimeout as sleep } from 'node:timers/promises';
import { killDaemon, restartDaemon } from '../../../cluster/nodes/components.ts';
import type { Component } from '../../../cluster/nodes/components.ts';
import { LEADERSHIP_LOST } from './controllers.ts';
import type { ClusterFault } from './fault.ts';
import type { FaultName } from './names.ts';

const DOWN_MS = 5000;

export const apiServerRestarted = restarted('api-server-restarted', 'kube-apiserver');
export const etcdRestarted = restarted('etcd-restarted', 'etcd');

function restarted(name: FaultName, component: Component): ClusterFault {
  return {
    name,
    scope: 'cluster',
    sparesRecorders: true,
    blindSeconds: 40,
    // Without an API server for longer than a lease can go unrenewed, nobody may lead.
    tolerated: LEADERSHIP_LOST,
    strike: async (_subjects, { world }) => {
      await killDaemon(world.plan, component);
      await sleep(DOWN_MS);
      await restartDaemon(world.plan, component);
      await world.apiAnswers();
    },
  };
}
