import { readFile, writeFile } from 'node:fs/promises';
import { resultSchema } from './contract/result.ts';

/**
 * Takes away what a recorder before this one left where its result is looked for, though it was only a fault: it would
 * be taken for the result of this one, should this one be killed. Returns what it said. A file that it can't be taken
 * from, it throws.
 */
export async function takeLastWords(resultPath: string): Promise<string | undefined> {
  const text = await readFile(resultPath, 'utf8').catch(() => '');
  const result = resultSchema.safeParse(parsed(text)).data;
  if (result?.outcome !== 'failed' || result.reason !== 'Internal') return undefined;
  await writeFile(resultPath, '');
  return result.error.message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
