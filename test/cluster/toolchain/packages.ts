import { existsSync } from 'node:fs';
import { say, secondsSince } from '../progress.ts';
import { run, succeeds } from '../run-command.ts';

/** Debian's packages are missing and can't be installed from here; the message names them. */
export class MissingPackagesError extends Error {
  readonly code = 'MISSING_PACKAGES';

  constructor(packages: readonly string[], why: string, options?: ErrorOptions) {
    super(`${why}. Needed: ${packages.join(' ')} (Debian: apt-get install ${packages.join(' ')})`, options);
    this.name = 'MissingPackagesError';
  }
}

/** Installs those of Debian's packages that the machine lacks. Throws MissingPackagesError when it can't. */
export async function ensurePackages(packages: readonly string[]): Promise<void> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  if (!existsSync('/usr/bin/apt-get'))
    throw new MissingPackagesError(missing, 'This is not a Debian machine');
  if (process.getuid?.() !== 0) throw new MissingPackagesError(missing, 'Only root can install packages');
  say(`Installing Debian's ${missing.join(', ')} …`);
  const started = performance.now();
  try {
    await aptGet('update');
    // Configuration files that a package brings must not be asked about: nobody is there to answer.
    await aptGet(
      'install',
      '--yes',
      '--no-install-recommends',
      '-o',
      'Dpkg::Options::=--force-confold',
      ...missing,
    );
  } catch (error) {
    throw new MissingPackagesError(missing, 'Installing packages failed', { cause: error });
  }
  say(`Installed ${missing.length} packages in ${secondsSince(started)} s`);
}

async function aptGet(...args: readonly string[]): Promise<void> {
  await run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const format = '--showformat=${Package} ${db:Status-Status}\\n';
  if (!(await succeeds('dpkg-query', ['--version']))) return [...packages];
  const installed = parseInstalled(await run('dpkg-query', ['--show', format]));
  return packages.filter((name) => !installed.has(name));
}

/** Reads lines of "NAME STATUS"; a removed package of which configuration files are left is not installed. */
export function parseInstalled(output: string): Set<string> {
  const lines = output.split('\n').map((line) => line.split(' '));
  return new Set(
    lines.flatMap(([name, status]) => (name !== undefined && status === 'installed' ? [name] : [])),
  );
}
