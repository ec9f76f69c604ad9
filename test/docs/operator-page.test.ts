import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { environmentSchema } from '../../operator/api/environment.ts';
import { controllerEnvironmentSchema } from '../../operator/controller/config.ts';
import { firstColumn } from './tables.ts';

describe('docs/reference/operator.md', async () => {
  const page = await readFile(new URL('../../docs/reference/operator.md', import.meta.url), 'utf8');

  it.each([
    ['Controller', controllerEnvironmentSchema],
    ['API', environmentSchema],
  ])("lists every variable of the %s's environment and no other", (heading, schema) => {
    expect(firstColumn(page, heading).toSorted()).toEqual(Object.keys(schema.shape).toSorted());
  });
});
