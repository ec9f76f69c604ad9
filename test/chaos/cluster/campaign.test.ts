import { describe, expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';
import { failedCell } from './cell.ts';
import type { Cell } from './cell.ts';
import { cellText } from './options.ts';
import type { Round } from './plan.ts';
import type { RoundResult } from './round.ts';

const cells = [
  { fault: 'drain', phase: 'Pending' },
  { fault: 'drain', phase: 'Stopping' },
  { fault: 's3-down', phase: 'Stopping' },
] as const;
const options = { cells, parallel: 1, seed: 1 };

/** All is well but that those are missed which `misses` says, given how often their cell was tried before. */
function rounds(misses: (cell: string, before: number) => boolean) {
  const tries: string[] = [];
  const runRound = async ({ subjects }: Round): Promise<RoundResult> => {
    const missed = subjects.filter((subject) => {
      const cell = cellText(subject);
      const before = tries.filter((other) => other === cell).length;
      tries.push(cell);
      return misses(cell, before);
    });
    const result = subjects.map((subject): Cell => {
      const ok = !missed.includes(subject);
      return { ...failedCell({ fault: subject.fault, phase: subject.phase, note: '' }), ok };
    });
    return await Promise.resolve({ cells: result, missed });
  };
  return { runRound, tries };
}

async function campaign(
  runRound: (round: Round) => Promise<RoundResult>,
  signal = new AbortController().signal,
) {
  const told: number[] = [];
  const onCells = async (cells: readonly Cell[]) => await Promise.resolve(void told.push(cells.length));
  const found = await runCampaign({ runRound, options, signal, say: () => undefined, onCells });
  return { told, found: found.map((cell) => `${cellText(cell)} ${cell.ok}`) };
}

describe('a chaos campaign', () => {
  it('tries each cell once, and tells of them round by round', async () => {
    const { runRound, tries } = rounds(() => false);
    const { told, found } = await campaign(runRound);
    expect(found).toEqual(['drain/Pending true', 'drain/Stopping true', 's3-down/Stopping true']);
    expect(tries).toHaveLength(3);
    expect(told).toEqual([2, 3]);
  });

  it('tries a cell again that was missed, and nothing else', async () => {
    const { runRound, tries } = rounds((cell, before) => cell === 'drain/Stopping' && before === 0);
    expect((await campaign(runRound)).found).toContain('drain/Stopping true');
    expect(tries.filter((cell) => cell !== 's3-down/Stopping')).toEqual([
      'drain/Pending',
      'drain/Stopping',
      'drain/Stopping',
    ]);
  });

  it('does not count one as well that is never met', async () => {
    const { runRound, tries } = rounds((cell) => cell === 'drain/Stopping');
    expect((await campaign(runRound)).found).toContain('drain/Stopping false');
    expect(tries.filter((cell) => cell === 'drain/Stopping')).toHaveLength(3);
  });

  it('goes on after a round that could not be brought about, which has failed', async () => {
    const { runRound } = rounds(() => false);
    const { found } = await campaign(async (round) => {
      if (round.faults[0]?.name === 'drain') throw new Error('no cluster');
      return await runRound(round);
    });
    expect(found).toEqual(['drain/Pending false', 'drain/Stopping false', 's3-down/Stopping true']);
  });

  it('keeps what is done when it is interrupted', async () => {
    const { runRound } = rounds(() => false);
    const interrupt = new AbortController();
    const { told, found } = await campaign(async (round) => {
      if (round.faults[0]?.name !== 'drain') interrupt.abort();
      interrupt.signal.throwIfAborted();
      return await runRound(round);
    }, interrupt.signal);
    expect(found).toEqual(['drain/Pending true', 'drain/Stopping true']);
    expect(told).toEqual([2]);
  });
});
