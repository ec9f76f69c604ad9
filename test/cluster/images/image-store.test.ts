import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../support/temp-directory.ts';
import { ImageStore } from './image-store.ts';

const digestOf = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Writes an image as `buildah push … dir:FOLDER` does. */
async function writeImage(folder: string, config: string, layers: readonly string[]): Promise<string> {
  await mkdir(folder);
  const describe = (content: string): object => ({ digest: digestOf(content), size: content.length });
  for (const content of [config, ...layers]) {
    await writeFile(join(folder, digestOf(content).replace('sha256:', '')), content);
  }
  const manifest = { mediaType: 'application/json', config: describe(config), layers: layers.map(describe) };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'version'), 'Directory Transport Version: 1.1\n');
  return folder;
}

describe('the image store', () => {
  it('gives back the manifest and the blobs of what was put into it', async () => {
    await using folder = await tempDirectory();
    const store = new ImageStore(join(folder.path, 'store'));
    expect(store.has('meetrec/a:1')).toBe(false);
    await store.add('meetrec/a:1', await writeImage(join(folder.path, 'a'), 'config', ['base', 'app']));
    expect(store.has('meetrec/a:1')).toBe(true);

    const image = await store.get('meetrec/a:1');
    expect(image.blobs).toEqual([image.digest, digestOf('config'), digestOf('base'), digestOf('app')]);
    expect(await readFile(store.blobFile(digestOf('app')), 'utf8')).toBe('app');
    const manifest = await readFile(store.blobFile(image.digest), 'utf8');
    expect(digestOf(manifest)).toBe(image.digest);
    expect(image.size).toBe(manifest.length);
  });

  it('drops older versions of an image with the layers that only they had', async () => {
    await using folder = await tempDirectory();
    const store = new ImageStore(join(folder.path, 'store'));
    await store.add('meetrec/a:1', await writeImage(join(folder.path, 'a1'), 'config 1', ['base', 'app 1']));
    await store.add('meetrec/a:2', await writeImage(join(folder.path, 'a2'), 'config 2', ['base', 'app 2']));
    await store.add('meetrec/ab:1', await writeImage(join(folder.path, 'b'), 'config b', ['base', 'b']));
    await store.keepOnly('meetrec/a:2');

    expect(['meetrec/a:1', 'meetrec/a:2', 'meetrec/ab:1'].map((name) => store.has(name))).toEqual([
      false,
      true,
      true,
    ]);
    expect(existsSync(store.blobFile(digestOf('app 1')))).toBe(false);
    for (const kept of ['base', 'app 2', 'b']) expect(existsSync(store.blobFile(digestOf(kept)))).toBe(true);
  });
});
