import { existsSync } from 'node:fs';
import { chmod, cp, lutimes, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ClusterError } from '../cluster-error.ts';
import { ensureTool } from '../toolchain/ensure-tool.ts';
import { IMAGE_PLATFORM } from '../toolchain/go-build.ts';
import type { Image } from './table.ts';

/** The checkout's top folder. */
export const checkout = join(import.meta.dirname, '..', '..', '..');

/**
 * Puts what an image is built from into a folder of its own under `out/`, and returns that folder. It holds nothing
 * else, so its content tells when the image must be built again; times and modes are the same on every machine, so
 * that the layers are too.
 */
export async function assembleContext(image: Image): Promise<string> {
  const directory = join(checkout, 'out', 'image-context', image.name);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await copyIn(join(checkout, image.dockerfile), join(directory, 'Dockerfile'));
  for (const ingredient of image.ingredients) {
    if ('folder' in ingredient) {
      await mkdir(join(directory, ingredient.folder));
    } else if ('tool' in ingredient) {
      await copyIn(await ensureTool(ingredient.tool, IMAGE_PLATFORM), join(directory, ingredient.tool));
    } else {
      await copyIn(join(checkout, ingredient.path), join(directory, ingredient.to ?? ingredient.path));
    }
  }
  await makeUniform(directory);
  return directory;
}

async function copyIn(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new ClusterError(`${basename(to)} of an image is missing: ${from}`);
  await cp(from, to, { recursive: true });
}

async function makeUniform(path: string): Promise<void> {
  const { mode } = await stat(path);
  const isDirectory = (mode & 0o170000) === 0o040000;
  if (isDirectory) for (const entry of await readdir(path)) await makeUniform(join(path, entry));
  await chmod(path, isDirectory || (mode & 0o111) !== 0 ? 0o755 : 0o644);
  await lutimes(path, 0, 0);
}
