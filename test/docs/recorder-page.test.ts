import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { environmentSchema } from '../../recorder-image/contract/environment.ts';
import { EXIT_CODES } from '../../recorder-image/contract/exit-codes.ts';
import { RESULT_REASONS } from '../../recorder-image/contract/result.ts';
import { firstColumn } from './tables.ts';

describe('docs/reference/recorder.md', async () => {
  const page = await readFile(new URL('../../docs/reference/recorder.md', import.meta.url), 'utf8');

  it('lists every variable of the environment and no other', () => {
    expect(firstColumn(page, 'Environment').toSorted()).toEqual(
      Object.keys(environmentSchema.shape).toSorted(),
    );
  });

  it('lists every exit code and no other', () => {
    expect(
      firstColumn(page, 'Exit codes')
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual(Object.values(EXIT_CODES).toSorted((a, b) => a - b));
  });

  it('lists every reason of a result and no other', () => {
    expect(firstColumn(page, 'Result').toSorted()).toEqual(Object.keys(RESULT_REASONS).toSorted());
  });
});
