import { sendSignal } from '../../../cluster/nodes/signals.ts';
import { podProcesses } from '../../../cluster/nodes/pod-processes.ts';
import { waitFor } from '../../../support/wait-for.ts';
import type { RecordingFault, Scene } from './fault.ts';
import type { Subject } from '../subject.ts';

const APPEARS_MS = 120_000;

export const recorderKilled: RecordingFault = {
  name: 'recorder-killed',
  scope: 'recording',
  sparesRecorders: false,
  // A salvage that has reported what there was is told to stop while it is started once more.
  tolerated: [/told to stop/, /^\s+at /],
  strike: async (subject, scene) => await kill(subject, scene, /^(\S*\/)?node .*recorder\.mjs/),
};

export const ffmpegKilled: RecordingFault = {
  name: 'ffmpeg-killed',
  scope: 'recording',
  sparesRecorders: true,
  strike: async (subject, scene) => await kill(subject, scene, /^\S*ffmpeg /),
};

/** As soon as there is such a process; never, where the recording ends without one. */
async function kill(subject: Subject, { world, signal }: Scene, command: RegExp): Promise<void> {
  const pids = await waitFor(
    async () => {
      if (world.hasEnded(subject.name)) return [];
      const found: number[] = [];
      for (const { metadata } of world.observer.podsOf(subject.name))
        for (const process of await podProcesses(world.plan, metadata.uid ?? ''))
          if (command.test(process.command)) found.push(process.pid);
      return found.length > 0 && found;
    },
    { what: `a process ${command.source} of ${subject.name}`, timeoutMs: APPEARS_MS, intervalMs: 50, signal },
  );
  for (const pid of pids) sendSignal(pid, 'SIGKILL');
}
