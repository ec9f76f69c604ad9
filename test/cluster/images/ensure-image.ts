import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { say, secondsSince } from '../progress.ts';
import { cacheDirectory } from '../toolchain/cache-directory.ts';
import { withFileLock } from '../toolchain/file-lock.ts';
import { assembleContext } from './build-context.ts';
import { Buildah } from './buildah.ts';
import { imageBuilder } from './builder.ts';
import type { ImageBuilder } from './builder.ts';
import { contentHash } from './content-hash.ts';
import { ImageStore } from './image-store.ts';
import type { Image } from './table.ts';

/** An image that is there to be loaded into a cluster. */
export interface BuiltImage {
  readonly name: string;
  /** `REPOSITORY:HASH`, where the hash is over everything that the image is made from. */
  readonly reference: string;
}

/** The images that were built without a Docker engine, which keeps its own. */
export function imageStore(): ImageStore {
  return new ImageStore(imagesDirectory());
}

const imagesDirectory = (): string => join(cacheDirectory(), 'images');

/**
 * Runs work that builds images, and uses them before another process may replace them. What it is given builds one
 * image unless it is there, and throws CommandError when the build fails.
 */
export async function withImageBuilder<T>(
  work: (build: (image: Image) => Promise<BuiltImage>) => Promise<T>,
): Promise<T> {
  return await withImagesLock(async () => {
    const builder = await imageBuilder();
    return await work((image) => buildIfChanged(image, builder));
  });
}

/** One process at a time builds images: the layers that one leaves are there for the next. */
export async function withImagesLock<T>(work: () => Promise<T>): Promise<T> {
  return await withFileLock(join(imagesDirectory(), 'lock'), work, () => {
    say('Waiting for another process that builds images …');
  });
}

async function buildIfChanged(image: Image, builder: ImageBuilder): Promise<BuiltImage> {
  const context = await assembleContext(image);
  const buildArguments = await resolveBases(image, builder);
  const reference = `${image.repository}:${await contentHash([context], { ...buildArguments })}`;
  const result: BuiltImage = { name: image.name, reference };
  if (builder instanceof Buildah ? imageStore().has(reference) : await builder.has(reference)) return result;

  say(`Building ${reference} with ${builder.name} …`);
  const started = performance.now();
  await builder.build({ context, reference, arguments: buildArguments });
  if (builder instanceof Buildah) await keep(builder, reference);
  say(`Built ${reference} in ${secondsSince(started)} s`);
  return result;
}

async function keep(builder: Buildah, reference: string): Promise<void> {
  const store = imageStore();
  const folder = await mkdtemp(join(imagesDirectory(), 'unfinished-'));
  try {
    await builder.writeBlobs(reference, folder);
    await store.add(reference, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await store.keepOnly(reference);
  await builder.keepOnly(reference);
}

/** The base images of an image, by build argument; none where the Dockerfile says them itself. */
export async function resolveBases(image: Image, builder: ImageBuilder): Promise<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const [argument, base] of Object.entries(image.bases)) {
    const reference = await builder.base(base);
    if (reference !== undefined) resolved[argument] = reference;
  }
  return resolved;
}
