import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from './error-codes.ts';

describe('docs/reference/errors.md', () => {
  it('lists every error code with its status, and no other', async () => {
    const text = await readFile(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8');
    const rows = text
      .split('\n')
      .map((line) => /^\| `([a-z-]+)` \| (\d+) \| (.+) \|$/.exec(line))
      .filter((row) => row !== null)
      .map(([, code, status, meaning]) => [code, Number(status), meaning]);
    const declared = Object.entries(ERROR_CODES).map(([code, { status, meaning }]) => [
      code,
      status,
      meaning,
    ]);
    const order = (one: unknown[], other: unknown[]) => String(one[0]).localeCompare(String(other[0]));
    expect(rows.sort(order)).toEqual(declared.sort(order));
  });
});
