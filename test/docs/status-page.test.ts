import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CONDITION_REASONS, CONDITION_TYPES } from '../../operator/crd/conditions.ts';
import { phaseSchema } from '../../operator/crd/phases.ts';
import { EVENT_REASONS, REASONS } from '../../operator/crd/reasons.ts';
import { firstColumn } from './tables.ts';

describe('docs/reference/status.md', async () => {
  const page = await readFile(new URL('../../docs/reference/status.md', import.meta.url), 'utf8');

  it.each([
    ['Phases', phaseSchema.options],
    ['Conditions', Object.keys(CONDITION_TYPES)],
    ['Reasons', Object.keys(REASONS)],
    ['Reasons of conditions', Object.keys(CONDITION_REASONS)],
    ['Events', Object.keys(EVENT_REASONS)],
  ])('lists all %s of the registry and no other', (heading, names) => {
    expect(firstColumn(page, heading)).toEqual([...names]);
  });
});
