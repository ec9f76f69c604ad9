import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { environmentSchema } from './environment.ts';

describe('docs/reference/api.md', () => {
  it('lists every variable of the environment, and no other', async () => {
    const text = await readFile(new URL('../../docs/reference/api.md', import.meta.url), 'utf8');
    const table = text.slice(text.indexOf('## Environment'));
    const rows = [...table.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, name]) => name);
    expect(new Set(rows)).toEqual(new Set(Object.keys(environmentSchema.shape)));
  });
});
