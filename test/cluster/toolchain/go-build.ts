import { join } from 'node:path';
import { ClusterError } from '../cluster-error.ts';
import { run, succeeds } from '../run-command.ts';
import type { Distribution } from './tools.ts';

const modules = join(import.meta.dirname, '..', 'tools');

/** Builds every program of a distribution into `directory`. Needs Go on PATH; throws CommandError. */
export async function goBuild(distribution: Distribution, directory: string): Promise<void> {
  if (!(await succeeds('go', ['version']))) {
    throw new ClusterError(
      `${distribution.name} is built with Go, which is not on PATH: install Go 1.26 or later`,
    );
  }
  const { build } = distribution;
  const environment = { ...process.env, CGO_ENABLED: '0' };
  switch (build.kind) {
    case 'install':
      await run(
        'go',
        ['install', '-trimpath', '-ldflags', '-s -w', `${build.package}@${distribution.version}`],
        {
          env: { ...environment, GOBIN: directory },
        },
      );
      return;
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
