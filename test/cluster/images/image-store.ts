import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const descriptorSchema = z.looseObject({ digest: z.string().startsWith('sha256:'), size: z.number() });
const manifestSchema = z.looseObject({
  mediaType: z.string(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
});

/** One image of the store, as an OCI index describes it. */
export interface StoredImage {
  readonly reference: string;
  readonly mediaType: string;
  /** `sha256:…` of the manifest, and its length in bytes. */
  readonly digest: string;
  readonly size: number;
  /** Digests of everything that the image consists of: manifest, configuration, layers. */
  readonly blobs: readonly string[];
}

/** Images on the disk, uncompressed, as blobs by their digest: a layer that several images share is there once. */
export class ImageStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  has(reference: string): boolean {
    return existsSync(this.#manifestFile(reference));
  }

  /** The path of a blob by its digest. */
  blobFile(digest: string): string {
    return join(this.#directory, 'blobs', digest.replace('sha256:', ''));
  }

  /** Takes over an image that was written as a folder of blobs named by their digests, and empties that folder. */
  async add(reference: string, folder: string): Promise<void> {
    await mkdir(join(this.#directory, 'blobs'), { recursive: true });
    for (const file of await readdir(folder)) {
      if (/^[0-9a-f]{64}$/.test(file)) await rename(join(folder, file), this.blobFile(file));
    }
    const manifest = await readFile(join(folder, 'manifest.json'));
    await writeFile(this.blobFile(sha256(manifest)), manifest);
    // Last, because it is what says that the image is there.
    await rename(join(folder, 'manifest.json'), this.#manifestFile(reference));
  }

  async get(reference: string): Promise<StoredImage> {
    return describe(reference, await readFile(this.#manifestFile(reference)));
  }

  /** Forgets the other images of the same repository, and every blob that no image has any more. */
  async keepOnly(reference: string): Promise<void> {
    const kept = this.#manifestFile(reference);
    const repository = reference.slice(0, reference.lastIndexOf(':') + 1);
    const used = new Set<string>();
    for (const file of await readdir(this.#directory)) {
      const path = join(this.#directory, file);
      if (!file.endsWith('.json')) continue;
      if (path !== kept && path.startsWith(this.#manifestFile(repository).slice(0, -'.json'.length))) {
        await rm(path);
        continue;
      }
      for (const digest of describe(file, await readFile(path)).blobs) used.add(this.blobFile(digest));
    }
    const blobs = join(this.#directory, 'blobs');
    for (const file of await readdir(blobs)) if (!used.has(join(blobs, file))) await rm(join(blobs, file));
  }

  #manifestFile(reference: string): string {
    return join(this.#directory, `${reference.replaceAll(/[/:]/g, '_')}.json`);
  }
}

function describe(reference: string, content: Buffer): StoredImage {
  const { mediaType, config, layers } = manifestSchema.parse(JSON.parse(content.toString()));
  const digest = sha256(content);
  const blobs = [digest, config.digest, ...layers.map((layer) => layer.digest)];
  return { reference, mediaType, digest, size: content.length, blobs };
}

function sha256(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
