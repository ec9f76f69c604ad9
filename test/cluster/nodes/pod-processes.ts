import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processesIn, trackingDirectory } from './cgroups.ts';
import type { ClusterPlan } from './plan.ts';

export interface PodProcess {
  /** As this machine knows it, not as the container does. */
  readonly pid: number;
  /** The command line, its words separated by blanks. */
  readonly command: string;
}

/** The processes of a pod's containers, on whichever node it runs; none where it does not. */
export async function podProcesses(plan: ClusterPlan, podUid: string): Promise<PodProcess[]> {
  const found: PodProcess[] = [];
  for (const node of plan.nodes) {
    for (const cgroup of await podCgroups(node.cgroup, podUid)) {
      for (const pid of await processesIn(cgroup)) {
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (command !== '') found.push({ pid, command: command.split('\0').join(' ').trim() });
      }
    }
  }
  return found;
}

/** The kubelet's groups: ROOT/kubepods[/QUALITY OF SERVICE]/podUID. */
async function podCgroups(root: string, podUid: string): Promise<string[]> {
  const found: string[] = [];
  for (const quality of ['', 'burstable', 'besteffort']) {
    const parent = join(root, 'kubepods', quality);
    const names = await readdir(trackingDirectory(parent)).catch((): string[] => []);
    if (names.includes(`pod${podUid}`)) found.push(join(parent, `pod${podUid}`));
  }
  return found;
}
