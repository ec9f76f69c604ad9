import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { dirname } from 'node:path';

export interface Report {
  readonly machine: { platform: string; cpu: string; cores: number; memoryBytes: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly startedAt: string;
  /** Plain numbers, each named in docs/reference or by the target that makes it. */
  readonly figures: Readonly<Record<string, number>>;
  readonly details: unknown;
}

/** Writes what a long target leaves: `out/<target>/report.json`. Returns the path. */
export async function writeReport(
  target: string,
  report: Pick<Report, 'startedAt' | 'figures' | 'details'> & { versions?: Record<string, string> },
): Promise<string> {
  const file = `out/${target}/report.json`;
  const manifest = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const whole: Report = {
    machine: {
      platform: `${platform()} ${release()} ${arch()}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
    },
    versions: { meetrec: manifest.version, node: process.versions.node, ...report.versions },
    startedAt: report.startedAt,
    figures: report.figures,
    details: report.details,
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(whole, null, 2)}\n`);
  return file;
}
