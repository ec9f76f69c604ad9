import { secondsSince } from '../../cluster/progress.ts';
import { seededRandom } from '../recorder/random.ts';
import type { Random } from '../recorder/random.ts';
import { failedCell } from './cell.ts';
import type { Cell } from './cell.ts';
import { FAULT_NAMES } from './faults/names.ts';
import { messageOf } from './message-of.ts';
import { cellText } from './options.ts';
import type { CellName, ChaosOptions } from './options.ts';
import { planRounds } from './plan.ts';
import type { Round } from './plan.ts';
import type { RoundResult } from './round.ts';

/** How often a cell is tried again whose recording was not in its phase any more when it was struck. */
const TRIES = 2;

interface CampaignOptions {
  /** Throws when it could not be brought about. */
  readonly runRound: (round: Round, random: Random) => Promise<RoundResult>;
  readonly options: Pick<ChaosOptions, 'cells' | 'parallel' | 'seed'>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** After each round, with all cells that are done. */
  readonly onCells: (cells: readonly Cell[]) => Promise<void>;
}

/** All rounds, one after another. What is not done when it is aborted is left out. */
export async function runCampaign(campaign: CampaignOptions): Promise<Cell[]> {
  const { options, signal, say, onCells } = campaign;
  const run = Date.now().toString(36);
  const rounds = planRounds({ ...options, run });
  const cells: Cell[] = [];
  for (const [index, round] of rounds.entries()) {
    if (signal.aborted) break;
    const began = performance.now();
    say(`\n${index + 1} of ${rounds.length}: ${round.faults.map(({ name }) => name).join(', ')}`);
    try {
      cells.push(...(await untilMet(round, campaign, run)));
    } catch (error) {
      if (!signal.aborted) throw error;
      break;
    }
    say(`   ${secondsSince(began)} s`);
    await onCells(cells);
  }
  return cells;
}

/** A round, and those of its recordings once more that were missed. */
async function untilMet(round: Round, campaign: CampaignOptions, run: string): Promise<Cell[]> {
  const { options, say } = campaign;
  const { cells, missed: first } = await tryRound(round, campaign);
  let met = [...cells];
  let missed = first;
  for (let tries = 1; missed.length > 0 && tries <= TRIES; tries += 1) {
    say(`   again: ${missed.map(cellText).join(', ')}`);
    const again = planRounds({ ...options, cells: missed, run: `${run}${tries}`, isSlow: true });
    const wanted = new Set(missed.map(cellText));
    missed = [];
    for (const each of again) {
      const result = await tryRound(each, campaign);
      const better = result.cells.filter((cell) => wanted.has(cellText(cell)));
      met = met.map((cell) => better.find((other) => cellText(other) === cellText(cell)) ?? cell);
      missed = [...missed, ...result.missed.filter((cell) => wanted.has(cellText(cell)))];
    }
  }
  return met;
}

async function tryRound(
  round: Round,
  { runRound, options, signal, say }: CampaignOptions,
): Promise<RoundResult> {
  // The same moments, whichever other faults are tried.
  const number = FAULT_NAMES.indexOf(round.faults[0]?.name ?? 'drain');
  const random = seededRandom(options.seed * 1000 + number);
  try {
    return await runRound(round, random);
  } catch (error) {
    signal.throwIfAborted();
    // It could not be brought about at all: that is a failure of each of its cells.
    const note = messageOf(error);
    say(`   ✗ ${note}`);
    const cells = round.subjects.map(({ fault, phase }: CellName) => failedCell({ fault, phase, note }));
    return { cells, missed: [] };
  }
}
