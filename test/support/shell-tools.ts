import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Puts shell scripts in the place of programs of these names: into a folder, with which the PATH that is returned begins. */
export async function shellTools(folder: string, scripts: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(scripts)) {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
  }
  return [folder, process.env['PATH']].join(delimiter);
}
