import { readFile, readdir } from 'node:fs/promises';

export interface Usage {
  /** User and system time. */
  readonly cpuSeconds: number;
  /** The most memory that it has had resident so far, in MB (10^6 bytes). */
  readonly peakRssMb: number;
  /** What it has resident now. */
  readonly rssMb: number;
}

/** Linux counts a process's time in these: USER_HZ, 100 on every platform that it has. */
const TICKS_PER_SECOND = 100;

/** Reads what a living process has used; see proc(5). */
export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  return {
    cpuSeconds: parseStat(stat).cpuSeconds,
    peakRssMb: megabytes(status, 'VmHWM'),
    rssMb: megabytes(status, 'VmRSS'),
  };
}

/** CPU seconds of the living children of this process, by the program's name. */
export async function childrenCpuSeconds(): Promise<Record<string, number>> {
  const used: Record<string, number> = {};
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // It may have ended since it was listed.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    const { name, parent, cpuSeconds } = parseStat(stat);
    if (parent === process.pid) used[name] = (used[name] ?? 0) + cpuSeconds;
  }
  return used;
}

/** The second field is the name in brackets, which may hold blanks; the parent is the 4th, utime and stime the 14th and 15th. */
function parseStat(stat: string): { name: string; parent: number; cpuSeconds: number } {
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  return {
    name: stat.slice(stat.indexOf('(') + 1, end),
    parent: Number(fields[1]),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

function megabytes(status: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}
