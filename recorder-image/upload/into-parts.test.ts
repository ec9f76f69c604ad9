import { expect, it } from 'vitest';
import { intoParts } from './into-parts.ts';

async function partsOf(chunks: readonly string[]): Promise<string[]> {
  async function* stream(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  }
  const parts: string[] = [];
  for await (const part of intoParts(stream(), 4)) parts.push(part.toString());
  return parts;
}

it.each([
  { chunks: [], parts: [] },
  { chunks: ['abc'], parts: ['abc'] },
  { chunks: ['ab', 'cd'], parts: ['abcd'] },
  { chunks: ['a', 'bcdefghi', '', 'j'], parts: ['abcd', 'efgh', 'ij'] },
])('cuts $chunks into parts of four: $parts', async ({ chunks, parts }) => {
  expect(await partsOf(chunks)).toEqual(parts);
});
