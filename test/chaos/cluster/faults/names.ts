/** Everything that goes wrong, in the order in which it is tried: what hurts the cluster most comes last. */
export const FAULT_NAMES = [
  'recorder-killed',
  'recorder-frozen',
  'object-deleted',
  'push-dropped',
  'push-stalled',
  'agora-429',
  'agora-500',
  'agora-504-but-done',
  'agora-quota',
  'controller-killed',
  'leader-frozen',
  's3-down',
  'api-server-restarted',
  'etcd-restarted',
  'drain',
  'drain-eviction-never',
  'kubelet-killed',
  'node-lost',
  'node-deleted',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

/** What each of them is, for the documentation. */
export const FAULT_MEANINGS: Readonly<Record<FaultName, string>> = {
  'recorder-killed': "SIGKILL for the recorder's process",
  'recorder-frozen': "SIGSTOP for the recorder's process, for good",
  'object-deleted': 'the MeetingRecording is deleted',
  'push-dropped': "the push's connection is reset and comes back after 4 s",
  'push-stalled': 'the push sends nothing for 12 s, with its connection open',
  'agora-429': 'Agora answers that it is asked too often',
  'agora-500': 'Agora answers with a fault of its own',
  'agora-504-but-done': 'Agora does what it was asked and answers 504',
  'agora-quota': 'Agora has no room for another push',
  'controller-killed': 'SIGKILL for the controller that leads',
  'leader-frozen': 'SIGSTOP for the controller that leads, and SIGCONT 25 s later',
  's3-down': 'the S3 server is killed and refuses connections for 12 s',
  'api-server-restarted': 'SIGKILL for the API server, which is started again 5 s later',
  'etcd-restarted': 'SIGKILL for etcd, which is started again 5 s later',
  drain: '`kubectl drain` of the node',
  'drain-eviction-never':
    '`kubectl drain` of the node with `recorder.eviction: Never`: it waits for the recordings',
  'kubelet-killed': "SIGKILL for the node's kubelet, which is started again 75 s later",
  'node-lost': 'the node loses its power for good; its object stays, NotReady',
  'node-deleted': 'the node loses its power for good, and its object is deleted',
};
