import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import type { TempDirectory } from '../../test/support/temp-directory.ts';
import { damageIn, segmentsIn } from './segment-files.ts';

const LIST = ['#EXTM3U', '#EXTINF:6.000000,', '00000.m4s', '#EXTINF:2.500000,', '00001.m4s', ''].join('\n');
const WHOLE = Buffer.from([0, 0, 0, 12, ...Buffer.from('mdat'), 1, 2, 3, 4]);

/** As FFmpeg leaves it when all was well. */
async function finished(): Promise<TempDirectory> {
  const folder = await tempDirectory('segments');
  await writeFile(join(folder.path, 'index.m3u8'), `${LIST}#EXT-X-ENDLIST\n`);
  for (const file of ['init.mp4', '00000.m4s', '00001.m4s']) await writeFile(join(folder.path, file), WHOLE);
  return folder;
}

describe('the segments that FFmpeg has made', () => {
  it('are whole, also when some were uploaded and deleted', async () => {
    await using folder = await finished();
    expect(await damageIn(folder.path, true)).toBeUndefined();
    await rm(join(folder.path, '00000.m4s'));
    expect(await damageIn(folder.path, true)).toBeUndefined();
    expect(await segmentsIn(folder.path)).toEqual([
      { file: '00000.m4s', durationSeconds: 6 },
      { file: '00001.m4s', durationSeconds: 2.5 },
    ]);
  });

  it.each(['init.mp4', '00001.m4s'])('are not whole when %s breaks off', async (file) => {
    await using folder = await finished();
    await truncate(join(folder.path, file), 10);
    for (const ended of [false, true]) expect(await damageIn(folder.path, ended)).toContain(file);
  });

  it('are not all that there should be when their list is empty, or does not end', async () => {
    await using folder = await finished();
    for (const list of ['', LIST]) {
      await writeFile(join(folder.path, 'index.m3u8'), list);
      expect(await damageIn(folder.path, false)).toBeUndefined();
      expect(await damageIn(folder.path, true)).toContain('No space left on device');
    }
  });

  it('are none before it has begun', async () => {
    await using folder = await tempDirectory('segments');
    expect(await segmentsIn(folder.path)).toEqual([]);
    expect(await damageIn(folder.path, false)).toBeUndefined();
  });
});
