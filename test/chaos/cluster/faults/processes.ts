import { sendSignal } from '../../../cluster/nodes/signals.ts';
import { podProcesses } from '../../../cluster/nodes/pod-processes.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { MissedError } from './fault.ts';
import type { RecordingFault, Scene } from './fault.ts';
import type { Subject } from '../subject.ts';

const APPEARS_MS = 120_000;
const RECORDER = /^(\S*\/)?node .*recorder\.mjs/;

type Complaints = NonNullable<RecordingFault['complaints']>;
const isTold: Complaints = ({ phase }, { last }) =>
  phase === 'Stopping' || last?.status?.lastTermination !== undefined
    ? []
    : ['lastTermination does not tell that the recorder was killed'];

export const recorderKilled: RecordingFault = {
  name: 'recorder-killed',
  scope: 'recording',
  sparesRecorders: false,
  complaints: isTold,
  strike: async (subject, scene) => await signalAll(subject, scene, 'SIGKILL'),
};

/** Its kubelet finds out, or its supervisor where it stops. */
export const recorderFrozen: RecordingFault = {
  name: 'recorder-frozen',
  scope: 'recording',
  sparesRecorders: false,
  patienceSeconds: 300,
  tolerated: [/does not answer any more while it stops, and is killed/],
  complaints: isTold,
  strike: async (subject, scene) => await signalAll(subject, scene, 'SIGSTOP'),
};

/** As soon as there is such a process. Throws MissedError where the recording ends without one. */
async function signalAll(
  subject: Subject,
  { world, signal }: Scene,
  name: 'SIGKILL' | 'SIGSTOP',
): Promise<void> {
  const pids = await waitFor(
    async () => {
      if (world.hasEnded(subject.name)) return [];
      const found: number[] = [];
      for (const { metadata } of world.observer.podsOf(subject.name))
        for (const process of await podProcesses(world.plan, metadata.uid ?? ''))
          if (RECORDER.test(process.command)) found.push(process.pid);
      return found.length > 0 && found;
    },
    { what: `a recorder of ${subject.name}`, timeoutMs: APPEARS_MS, intervalMs: 50, signal },
  );
  if (pids.length === 0) throw new MissedError(`${subject.name} had no recorder any more`);
  for (const pid of pids) sendSignal(pid, name);
}
