import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in ticks of 1/100 s here, whatever the kernel's own timer does (USER_HZ). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface Usage {
  /** CPU seconds, in user and kernel mode, of the process, those that it started, and those of them that are gone. */
  readonly cpuSeconds: number;
  /** Resident memory of all of them in bytes; pages that they share count for each. */
  readonly rssBytes: number;
  readonly processes: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly rssPages: number;
}

/** What a process and all its descendants have used, from /proc/PID/stat (proc_pid_stat(5)). */
export async function usageOf(pid: number): Promise<Usage> {
  const all = await allStats();
  const family = [pid];
  for (const member of family) {
    for (const stat of all.values()) if (stat.parent === member) family.push(stat.pid);
  }
  const stats = family.flatMap((member) => all.get(member) ?? []);
  return {
    cpuSeconds: stats.reduce((sum, stat) => sum + stat.ticks, 0) / TICKS_PER_SECOND,
    rssBytes: stats.reduce((sum, stat) => sum + stat.rssPages, 0) * PAGE_BYTES,
    processes: stats.length,
  };
}

async function allStats(): Promise<Map<number, Stat>> {
  const stats = new Map<number, Stat>();
  for (const entry of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(entry)) continue;
    const stat = await statOf(entry);
    if (stat !== undefined) stats.set(stat.pid, stat);
  }
  return stats;
}

async function statOf(entry: string): Promise<Stat | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${entry}/stat`, 'utf8');
  } catch (error) {
    // It has ended since it was listed.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  // The name stands in parentheses and may hold anything; the third field comes after it.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? 0;
  return {
    pid: Number(entry),
    parent: field(4),
    ticks: field(14) + field(15) + field(16) + field(17),
    rssPages: field(24),
  };
}
