import { agora429, agora500, agora504, agoraQuota } from './agora.ts';
import { apiServerRestarted, etcdRestarted } from './control-plane.ts';
import { controllerKilled, leaderFrozen } from './controllers.ts';
import { drain, drainEvictionNever } from './drains.ts';
import type { Fault } from './fault.ts';
import type { FaultName } from './names.ts';
import { kubeletKilled, nodeDeleted, nodeLost } from './nodes.ts';
import { objectDeleted } from './objects.ts';
import { recorderFrozen, recorderKilled } from './processes.ts';
import { pushDropped, pushStalled } from './pushes.ts';
import { s3Down } from './store.ts';

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'recorder-killed': recorderKilled,
  'recorder-frozen': recorderFrozen,
  'object-deleted': objectDeleted,
  'push-dropped': pushDropped,
  'push-stalled': pushStalled,
  'agora-429': agora429,
  'agora-500': agora500,
  'agora-504-but-done': agora504,
  'agora-quota': agoraQuota,
  'controller-killed': controllerKilled,
  'leader-frozen': leaderFrozen,
  's3-down': s3Down,
  'api-server-restarted': apiServerRestarted,
  'etcd-restarted': etcdRestarted,
  drain,
  'drain-eviction-never': drainEvictionNever,
  'kubelet-killed': kubeletKilled,
  'node-lost': nodeLost,
  'node-deleted': nodeDeleted,
};
