import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../support/temp-directory.ts';
import { contentHash } from './content-hash.ts';

async function sample(directory: string): Promise<string> {
  await mkdir(join(directory, 'app', 'lib'), { recursive: true });
  await writeFile(join(directory, 'app', 'main.mjs'), 'main');
  await writeFile(join(directory, 'app', 'lib', 'part.mjs'), 'part');
  return join(directory, 'app');
}

describe('the hash of what an image is made from', () => {
  it('is the same wherever the files are', async () => {
    await using one = await tempDirectory();
    await using other = await tempDirectory();
    const hash = await contentHash([await sample(one.path)]);
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(await contentHash([await sample(other.path)])).toBe(hash);
  });

  it('changes with a content, a name and a mode', async () => {
    await using folder = await tempDirectory();
    const app = await sample(folder.path);
    const hashes = [await contentHash([app])];
    await writeFile(join(app, 'main.mjs'), 'other');
    hashes.push(await contentHash([app]));
    await rename(join(app, 'main.mjs'), join(app, 'start.mjs'));
    hashes.push(await contentHash([app]));
    await chmod(join(app, 'start.mjs'), 0o755);
    hashes.push(await contentHash([app]));
    expect(new Set(hashes).size).toBe(4);
  });

  it('changes with a fact, whose order does not matter', async () => {
    const hash = await contentHash([], { base: 'a', node: 'b' });
    expect(await contentHash([], { node: 'b', base: 'a' })).toBe(hash);
    expect(await contentHash([], { base: 'a', node: 'c' })).not.toBe(hash);
    expect(await contentHash([], { base: 'an', ode: 'b' })).not.toBe(hash);
  });
});
