import { readFile } from 'node:fs/promises';

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
  // The second field is the name in brackets, which may hold blanks; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    peakRssMb: megabytes(status, 'VmHWM'),
    rssMb: megabytes(status, 'VmRSS'),
  };
}

function megabytes(status: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}
