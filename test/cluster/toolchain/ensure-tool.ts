import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { say, secondsSince } from '../progress.ts';
import { cacheDirectory } from './cache-directory.ts';
import { withFileLock } from './file-lock.ts';
import { goBuild } from './go-build.ts';
import { distributionOf } from './tools.ts';
import type { Distribution, ToolName } from './tools.ts';

/**
 * The path of a program, built first when the cache has not got it: for this machine, or for the operating system
 * `goos`. Throws CommandError when the build fails.
 */
export async function ensureTool(tool: ToolName, goos?: string): Promise<string> {
  const distribution = distributionOf(tool);
  const directory = distributionDirectory(distribution, goos);
  await ensureDistribution(distribution, directory, goos);
  return join(directory, tool);
}

/** The paths of several programs, built one after the other: one Go build uses every core already. */
export async function ensureTools<Names extends ToolName>(
  tools: readonly Names[],
): Promise<Record<Names, string>> {
  const paths: Partial<Record<Names, string>> = {};
  for (const tool of tools) paths[tool] = await ensureTool(tool);
  return paths as Record<Names, string>;
}

function distributionDirectory({ name, version }: Distribution, goos?: string): string {
  return join(cacheDirectory(), 'bin', [name, version, ...(goos === undefined ? [] : [goos])].join('-'));
}

function isBuilt(distribution: Distribution, directory: string): boolean {
  return distribution.programs.every((program) => existsSync(join(directory, program)));
}

async function ensureDistribution(
  distribution: Distribution,
  directory: string,
  goos: string | undefined,
): Promise<void> {
  if (isBuilt(distribution, directory)) return;
  const title = `${distribution.name} ${distribution.version}`;
  await withFileLock(
    `${directory}.lock`,
    async () => {
      if (isBuilt(distribution, directory)) return;
      say(`Building ${title} from its Go modules …`);
      const started = performance.now();
      await buildInto(distribution, directory, goos);
      say(`Built ${title} in ${secondsSince(started)} s, kept in ${directory}`);
    },
    () => {
      say(`Waiting for another process that builds ${title} …`);
    },
  );
}

/** A build that is interrupted leaves nothing under the final name: the folder is renamed when it is whole. */
async function buildInto(distribution: Distribution, directory: string, goos?: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const unfinished = await mkdtemp(`${directory}.unfinished-`);
  try {
    await goBuild(distribution, unfinished, goos);
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
