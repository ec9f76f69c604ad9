import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { punchHole } from './free-parts.ts';

afterEach(() => void vi.unstubAllEnvs());

it('tells the program that frees space nothing of the credentials', async () => {
  await using folder = await tempDirectory('free-parts');
  const program = join(folder.path, 'fallocate');
  const seen = join(folder.path, 'environment');
  await writeFile(program, `#!/bin/sh\nenv > '${seen}'\n`);
  await chmod(program, 0o755);
  vi.stubEnv('PATH', `${folder.path}:${process.env['PATH']}`);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-the-store');
  await punchHole(join(folder.path, 'file'), 0, 1);
  const environment = await readFile(seen, 'utf8');
  expect(environment).toContain(`PATH=${folder.path}`);
  expect(environment).not.toContain('secret-of-the-store');
  // What the shell itself sets.
  expect(environment.replaceAll(/^(PATH|PWD|_|SHLVL|OLDPWD)=.*\n/gm, '')).toBe('');
});
