import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../cluster-error.ts';
import { run, succeeds } from '../run-command.ts';
import type { Distribution } from './tools.ts';

const modules = join(import.meta.dirname, '..', 'tools');

/** The platform that programs inside images are for, where it is not this machine's own: Docker on a Mac. */
export const IMAGE_PLATFORM = process.platform === 'linux' ? undefined : 'linux';

/**
 * Builds every program of a distribution into `directory`, for this machine or for the operating system `goos`. Needs
 * Go on PATH; throws CommandError.
 */
export async function goBuild(distribution: Distribution, directory: string, goos?: string): Promise<void> {
  if (!(await succeeds('go', ['version']))) {
    throw new ClusterError(
      `${distribution.name} is built with Go, which is not on PATH: install Go 1.26 or later`,
    );
  }
  const { build } = distribution;
  const environment = { ...process.env, CGO_ENABLED: '0', ...(goos !== undefined && { GOOS: goos }) };
  switch (build.kind) {
    case 'install': {
      const args = ['install', '-trimpath', '-ldflags', '-s -w', `${build.package}@${distribution.version}`];
      if (goos === undefined) await run('go', args, { env: { ...environment, GOBIN: directory } });
      else await installForeign(args, distribution, directory, environment);
      return;
    }
    case 'module': {
      const ldflags = ['-s -w', build.ldflags ?? ''].join(' ').trim();
      const output = build.target === 'tool' ? `${directory}/` : join(directory, distribution.name);
      await run(
        'go',
        ['build', '-mod=readonly', '-trimpath', '-ldflags', ldflags, '-o', output, build.target],
        {
          cwd: join(modules, build.folder),
          env: environment,
        },
      );
    }
  }
}

/** Go refuses GOBIN for another platform's programs: they only go to a folder named after it below GOPATH. */
async function installForeign(
  args: readonly string[],
  { programs }: Distribution,
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const [modules = '', os = '', arch = ''] = (
    await run('go', ['env', 'GOMODCACHE', 'GOOS', 'GOARCH'], { env: environment })
  ).split('\n');
  const { GOBIN: _, ...rest } = environment;
  await run('go', args, { env: { ...rest, GOPATH: directory, GOMODCACHE: modules } });
  for (const program of programs) {
    await rename(join(directory, 'bin', `${os}_${arch}`, program), join(directory, program));
  }
}
