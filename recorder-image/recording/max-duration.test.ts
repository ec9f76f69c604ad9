import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { MaxDuration } from './max-duration.ts';

describe('the maximum duration', () => {
  it('is what the environment says where there is no file', async () => {
    const maxDuration = new MaxDuration({ initialMs: 60_000, path: undefined });
    expect([await maxDuration.look(), maxDuration.ms]).toEqual([false, 60_000]);
  });

  it('is what the file says, lower or higher, as often as it changes', async () => {
    await using folder = await tempDirectory('max-duration');
    const path = join(folder.path, 'seconds');
    const maxDuration = new MaxDuration({ initialMs: 60_000, path });
    expect(await maxDuration.look()).toBe(false);
    for (const [text, ms] of [
      ['30', 30_000],
      ['7200\n', 7_200_000],
    ] as const) {
      await writeFile(path, text);
      expect([await maxDuration.look(), maxDuration.ms]).toEqual([true, ms]);
      expect(await maxDuration.look()).toBe(false);
    }
  });

  it.each(['', 'soon', '-5', '0', 'NaN'])('stays as it was when the file says %j', async (text) => {
    await using folder = await tempDirectory('max-duration');
    const path = join(folder.path, 'seconds');
    await writeFile(path, text);
    const maxDuration = new MaxDuration({ initialMs: 60_000, path });
    expect([await maxDuration.look(), maxDuration.ms]).toEqual([false, 60_000]);
  });
});
