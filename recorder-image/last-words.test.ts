import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../test/support/temp-directory.ts';
import { takeLastWords } from './last-words.ts';

const failure = (reason: string): string =>
  JSON.stringify({ outcome: 'failed', reason, error: { code: reason, message: 'out of luck' } });

async function takenFrom(text: string): Promise<{ words: string | undefined; left: string }> {
  await using folder = await tempDirectory('last-words');
  const path = join(folder.path, 'termination-log');
  await writeFile(path, text);
  return { words: await takeLastWords(path), left: await readFile(path, 'utf8') };
}

describe('the last words of an earlier recorder', () => {
  it('are told, and taken away when it had died of a fault', async () => {
    expect(await takenFrom(failure('Internal'))).toEqual({ words: 'out of luck', left: '' });
  });

  it.each([failure('UploadFailed'), '{"outcome":', ''])(
    'stay where they are a result, or none: %s',
    async (text) => {
      expect(await takenFrom(text)).toEqual({ words: undefined, left: text });
    },
  );

  it('are none where nothing was written', async () => {
    expect(await takeLastWords('/nowhere/termination-log')).toBeUndefined();
  });
});
