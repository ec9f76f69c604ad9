import { describe, expect, it } from 'vitest';
import { jsonLines } from './json-lines.ts';

async function read(text: string, chunkSize: number): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text);
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
    await Promise.resolve();
  };
  const lines: unknown[] = [];
  for await (const line of jsonLines(chunks())) lines.push(line);
  return lines;
}

describe('JSON lines', () => {
  it.each([1, 2, 3, 7, 1000])('are put together from chunks of %i bytes, umlauts too', async (size) => {
    expect(await read('{"a":"ü€😀"}\n\n{"b":2}\n', size)).toEqual([{ a: 'ü€😀' }, { b: 2 }]);
  });

  it('lack a last line that was cut off', async () => {
    expect(await read('{"a":1}\n{"b":', 4)).toEqual([{ a: 1 }]);
  });

  it('are refused when a whole line is garbage', async () => {
    await expect(read('{"a":1}\nnope\n', 5)).rejects.toThrow(SyntaxError);
  });
});
