import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  manifestFileSchema,
  manifestSchema,
  manifestTrackSchema,
} from '../../recorder-image/contract/manifest.ts';
import { firstColumn } from './tables.ts';

describe('docs/reference/manifest.md', async () => {
  const page = await readFile(new URL('../../docs/reference/manifest.md', import.meta.url), 'utf8');

  it('tells of every field of a manifest, a file and a track, and of no other', () => {
    const told = firstColumn(page, 'What a manifest says').flatMap((cell) => cell.split(', '));
    const fields = [manifestSchema, manifestFileSchema, manifestTrackSchema].flatMap(({ shape }) =>
      Object.keys(shape),
    );
    expect(told.filter((name) => name !== 'field').toSorted()).toEqual(fields.toSorted());
  });
});
