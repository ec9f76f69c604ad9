import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectedOf, PHASES } from '../chaos/recorder/plan.ts';
import type { Plan } from '../chaos/recorder/plan.ts';
import { runCell } from '../chaos/recorder/run-cell.ts';
import type { CellWorld } from '../chaos/recorder/cell-world.ts';
import { openChaosWorld } from '../chaos/recorder/world.ts';

const resources = new AsyncDisposableStack();
let world: CellWorld;

beforeAll(async () => {
  world = resources.use(await openChaosWorld());
}, 900_000);

afterAll(() => resources.disposeAsync());

const plan = (change: Partial<Plan> & Pick<Plan, 'fault' | 'phase'>): Plan => ({
  seed: 0,
  delayMs: 400,
  lastsMs: 200,
  request: 1,
  large: true,
  format: 'mp4',
  expected: expectedOf(change.fault),
  ...change,
});
const untouched = { ok: true, packetsLost: 0, leftovers: 0, note: '' };

describe('a recorder that is told to stop', () => {
  it.each(PHASES)(
    'twice, while %s, brings what it has to S3 all the same',
    async (phase) => {
      // The later phases are over before long.
      const delayMs = phase === 'finishing' || phase === 'uploading' ? 0 : 400;
      expect(await runCell(plan({ fault: 'double-sigterm', phase, delayMs }), world)).toMatchObject(
        untouched,
      );
    },
    300_000,
  );

  it('while S3 is away, waits for it', async () => {
    const away = plan({ fault: 's3-long-down', phase: 'finishing', delayMs: 0, lastsMs: 5000 });
    const cell = await runCell(away, world);
    expect(cell).toMatchObject(untouched);
    expect(cell.seconds).toBeGreaterThan(5);
  }, 300_000);
});
