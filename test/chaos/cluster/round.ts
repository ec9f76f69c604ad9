import { say } from '../../cluster/progress.ts';
import type { Random } from '../recorder/random.ts';
import { bringToPhases } from './bring-to-phases.ts';
import type { Cell } from './cell.ts';
import { Driver } from './drive.ts';
import type { Scene } from './faults/fault.ts';
import { inventory, leftSince } from './leftovers.ts';
import type { LogCheck } from './logs.ts';
import { messageOf } from './message-of.ts';
import type { CellName } from './options.ts';
import type { Round } from './plan.ts';
import { setSlots } from './slots.ts';
import { strikeAndJudge } from './strike.ts';
import type { Ended } from './strike.ts';
import type { ChaosWorld } from './world.ts';

const REMOVAL_MS = 60_000;

export interface RoundOptions {
  readonly world: ChaosWorld;
  readonly logs: LogCheck;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface RoundResult {
  readonly cells: readonly Cell[];
  /** Those of them in which nothing is wrong but that nothing went wrong, or not in their phase. */
  readonly missed: readonly CellName[];
}

/** Brings recordings to their phases, lets things go wrong for all of them at once, and judges what becomes of them. */
export async function runRound(round: Round, options: RoundOptions): Promise<RoundResult> {
  const { world, logs, random, signal } = options;
  const scene: Scene = { world, random, signal };
  const driver = new Driver({ world, signal });
  await world.isWhole();
  await setSlots(world, round.slots);
  await world.simulator.forgetFaults();
  const before = await inventory(world);
  const common = await logs.unexpected([]);
  world.observer.truth.allow(Math.max(...round.faults.map(({ blindSeconds = 0 }) => blindSeconds)));
  world.observer.truth.expectNodeLoss(round.faults.some(({ losesNode = false }) => losesNode));
  let ended: Ended[];
  try {
    await bringToPhases(round, driver, scene);
    ended = await strikeAndJudge(round, driver, scene);
  } catch (error) {
    if (signal.aborted) say('   interrupted: what is broken is put right; another Ctrl-C leaves it as it is');
    // A drain that waits for recordings has to be let go on.
    const unaware = new Driver({ world, signal: new AbortController().signal });
    await Promise.all(round.subjects.map((subject) => unaware.delete(subject).catch(() => undefined)));
    await putRight(round, scene);
    await Promise.all(
      round.subjects.map((subject) => unaware.remove(subject, REMOVAL_MS).catch(() => undefined)),
    );
    throw error;
  }
  common.push(...(await putRight(round, scene)));
  const left = await leftSince(before, world);
  for (const { subject } of ended)
    await driver.remove(subject, REMOVAL_MS).catch((error: unknown) => common.push(messageOf(error)));
  common.push(...(await logs.unexpected(round.faults.flatMap(({ tolerated = [] }) => tolerated))));
  const cells = ended.map((each) => ({ ...each, ...cellOf(each, { common, left, round }) }));
  return {
    cells: cells.map(({ cell }) => cell),
    missed: cells
      .filter(({ isOnlyMissed }) => isOnlyMissed)
      .map(({ subject: { fault, phase } }) => ({ fault, phase })),
  };
}

/** Undoes what lasts. Returns what could not be undone. */
async function putRight({ faults }: Round, scene: Scene): Promise<string[]> {
  const { world } = scene;
  const undone: string[] = [];
  const attempt = async (work: Promise<void> | undefined): Promise<void> => {
    await work?.catch((error: unknown) => undone.push(messageOf(error)));
  };
  for (const fault of faults) await attempt(fault.restore?.(scene));
  if (faults.some(({ onFrailNode }) => onFrailNode)) await attempt(world.uncordon(world.nodes.steady));
  return undone;
}

/** What is wrong with no recording in particular is wrong with all of the round. */
function cellOf(
  { subject, verdict, leftovers, seconds, missed }: Ended,
  { common, left, round }: { common: readonly string[]; left: readonly string[]; round: Round },
): { readonly cell: Cell; readonly isOnlyMissed: boolean } {
  const isMine = (text: string): boolean => {
    const named = round.subjects.filter(({ name }) => text.includes(name));
    return named.length === 0 || named.includes(subject);
  };
  const alsoLeft = left.filter(isMine);
  const complaints = [
    ...verdict.complaints,
    ...common.filter(isMine),
    ...alsoLeft.map((left) => `${left} is left`),
    ...(missed === undefined ? [] : [missed]),
  ];
  const cell: Cell = {
    fault: subject.fault,
    phase: subject.phase,
    ok: complaints.length === 0,
    seconds,
    packetsLost: verdict.packetsLost,
    packetsLostWithNode: verdict.packetsLostWithNode,
    leftovers: Math.max(leftovers.length, alsoLeft.length),
    note: [...complaints, verdict.note].join('; '),
  };
  return { cell, isOnlyMissed: missed !== undefined && complaints.length === 1 };
}
