import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planOf } from '../chaos/recorder/plan.ts';
import { runCell } from '../chaos/recorder/run-cell.ts';
import type { CellWorld } from '../chaos/recorder/cell-world.ts';
import { openChaosWorld } from '../chaos/recorder/world.ts';

/**
 * Of what `make chaos-recorder` goes through, some of each format: kills in every phase and between requests to S3, a
 * publisher that moves, an answer of S3 that is lost, G.711, a store that moves what is complete. Each seed is a moment; `make chaos-recorder ARGS='--seed N'` shows the same one.
 */
const SEEDS = [0, 2, 3, 8, 19, 22, 31, 34, 41, 49, 54, 69, 77, 91];

const resources = new AsyncDisposableStack();
let world: CellWorld;

beforeAll(async () => {
  world = resources.use(await openChaosWorld());
}, 900_000);

afterAll(() => resources.disposeAsync());

describe('what was received is in the file, which plays, and nothing is left behind', () => {
  it.each(SEEDS.map((seed) => planOf(seed)))(
    '$format, $fault while $phase (seed $seed)',
    async (plan) => {
      expect(await runCell(plan, world)).toMatchObject({ ok: true, packetsLost: 0, leftovers: 0, note: '' });
    },
    300_000,
  );
});
