import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * A name for what an image is made of: 12 hex digits over every file's path, mode and content below `directory`
 * (or of the one file that it is), and over `facts`.
 */
export async function contentHash(
  directories: readonly string[],
  facts: Readonly<Record<string, string>> = {},
): Promise<string> {
  const hash = createHash('sha256');
  const add = (value: string | Buffer): void => {
    // The length goes first, so that no two different lists of values hash the same bytes.
    hash.update(`${Buffer.byteLength(value)}:`).update(value);
  };
  for (const directory of directories) {
    for (const file of await filesBelow(directory)) {
      const { mode } = await stat(file);
      add(relative(directory, file));
      add((mode & 0o111) === 0 ? 'file' : 'program');
      add(await readFile(file));
    }
  }
  for (const name of Object.keys(facts).sort()) {
    add(name);
    add(facts[name] ?? '');
  }
  return hash.digest('hex').slice(0, 12);
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
