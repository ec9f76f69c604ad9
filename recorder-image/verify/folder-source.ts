import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MANIFEST_FILE } from '../contract/object-keys.ts';
import { UnreadableError } from './source.ts';
import type { VerifySource } from './source.ts';

/** A recording in a folder; `path` is the folder, or the manifest in it. Throws {@link UnreadableError}. */
export async function openFolderSource(path: string): Promise<VerifySource> {
  const manifest = await explained(path, () => manifestIn(path));
  return {
    name: manifest,
    manifest: () => explained(manifest, () => readFile(manifest, 'utf8')),
    read: (file, onBytes, signal) =>
      explained(file, () => readBytes(join(dirname(manifest), file), onBytes, signal)),
  };
}

async function manifestIn(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path;
  const names = (await readdir(path)).filter((name) => name.endsWith(MANIFEST_FILE));
  const [name, another] = names.includes(MANIFEST_FILE) ? [MANIFEST_FILE] : names;
  if (name === undefined) throw new UnreadableError(`${path} has no ${MANIFEST_FILE}`);
  if (another !== undefined) throw new UnreadableError(`${path} has several manifests: name one of them`);
  return join(path, name);
}

async function readBytes(
  path: string,
  onBytes: (bytes: Buffer) => void,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for await (const bytes of createReadStream(path, { signal, highWaterMark: 1024 * 1024 }))
      onBytes(bytes as Buffer);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function explained<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UnreadableError || (error as Error).name === 'AbortError') throw error;
    throw new UnreadableError(`${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
}
