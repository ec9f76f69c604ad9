import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { GAPS, INCOMPLETE } from '../../recorder-image/contract/completeness.ts';
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
    ['Reasons of gaps', Object.keys(GAPS)],
    ['Events', Object.keys(EVENT_REASONS)],
  ])('lists all %s of the registry and no other', (heading, names) => {
    expect(firstColumn(page, heading)).toEqual([...names]);
  });
});

describe('docs/reference/trouble.md', async () => {
  const page = await readFile(new URL('../../docs/reference/trouble.md', import.meta.url), 'utf8');

  it('says what to do about each reason for which a recording is incomplete', () => {
    const rows = firstColumn(page, 'Recording is Completed but Complete is False');
    const told = new Set(rows.map((row) => row.split(' ')[0]));
    expect(told).toEqual(new Set(Object.keys(INCOMPLETE)));
  });
});
