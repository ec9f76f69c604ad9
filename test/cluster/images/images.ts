import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { clusterProvider } from '../cluster.ts';
import { secondsSince, say, step } from '../progress.ts';
import { bundle, bundleNames } from './bundle.ts';
import { checkout } from './build-context.ts';
import { withImageBuilder } from './ensure-image.ts';
import type { BuiltImage } from './ensure-image.ts';
import { images } from './table.ts';
import type { ImageName } from './table.ts';

/** References by image: `REPOSITORY:HASH`. */
export type ImageReferences = Record<ImageName, string>;

/** Where the references of the images that were built last are noted, for installations. */
export const IMAGES_FILE = join(checkout, 'out', 'images.json');

/** Bundles the programs, builds the images that have changed, and loads them into a cluster when one is named. */
export async function buildImages(options: { readonly load?: string } = {}): Promise<ImageReferences> {
  const { load } = options;
  const started = performance.now();
  const references = await withImageBuilder(async (build) => {
    await step('bundle the programs', async () => {
      for (const name of bundleNames) await bundle(name);
    });
    const built: BuiltImage[] = [];
    for (const image of images) built.push(await build(image));
    if (load !== undefined) {
      const provider = await clusterProvider();
      await step(`load the images into the cluster ${load}`, () => provider.load(load, built));
    }
    return Object.fromEntries(built.map(({ name, reference }) => [name, reference])) as ImageReferences;
  });
  await mkdir(dirname(IMAGES_FILE), { recursive: true });
  await writeFile(IMAGES_FILE, `${JSON.stringify(references, undefined, 2)}\n`);
  say(`Images are ready after ${secondsSince(started)} s`);
  return references;
}
