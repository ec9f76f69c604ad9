import { setTimeout as sleep } from 'node:timers/promises';
import { say } from '../../cluster/progress.ts';
import { between } from '../recorder/random.ts';
import type { Random } from '../recorder/random.ts';
import type { Cell } from './cell.ts';
import { Driver } from './drive.ts';
import type { Fault, Scene } from './faults/fault.ts';
import { inventory, leftoversOf } from './leftovers.ts';
import type { LogCheck } from './logs.ts';
import type { Round } from './plan.ts';
import { setSlots } from './slots.ts';
import type { Subject } from './subject.ts';
import { judge, messageOf } from './verdict.ts';
import type { Verdict } from './verdict.ts';
import type { ChaosWorld } from './world.ts';

const USUAL_PATIENCE_SECONDS = 180;
/** The push goes on for a while after the stop: recordings are found in all of Stopping, not only at its end. */
const LATE_DELETE = { kind: 'hang', seconds: 2 } as const;

export interface RoundOptions {
  readonly world: ChaosWorld;
  readonly logs: LogCheck;
  readonly random: Random;
  readonly signal: AbortSignal;
}

interface Ended {
  readonly subject: Subject;
  readonly verdict: Verdict;
  readonly leftovers: readonly string[];
  readonly seconds: number;
}

/** Brings recordings to their phases, lets things go wrong for all of them at once, and judges what becomes of them. */
export async function runRound(round: Round, options: RoundOptions): Promise<Cell[]> {
  const { world, logs, random, signal } = options;
  const scene: Scene = { world, random, signal };
  const driver = new Driver({ world, signal });
  await world.isWhole();
  await setSlots(world, round.slots);
  await world.simulator.forgetFaults();
  const before = await inventory(world);
  await logs.unexpected([/./]);
  world.observer.truth.allow(Math.max(...round.faults.map(({ blindSeconds = 0 }) => blindSeconds)));
  let ended: Ended[];
  try {
    await bringToPhases(round, driver, scene);
    ended = await strikeAndJudge(round, driver, scene);
  } finally {
    for (const fault of round.faults) await fault.restore?.(scene);
  }
  const common = [
    ...(await logs.unexpected(round.faults.flatMap(({ tolerated = [] }) => tolerated))),
    ...[...(await inventory(world))].filter((left) => !before.has(left)).map((left) => `${left} is left`),
  ];
  for (const { subject } of ended)
    await driver.remove(subject, 60_000).catch((error: unknown) => common.push(messageOf(error)));
  return ended.map((each) => cellOf(each, common, round));
}

async function bringToPhases(round: Round, driver: Driver, scene: Scene): Promise<void> {
  const { world, random, signal } = scene;
  const of = (...phases: readonly string[]): Subject[] =>
    round.subjects.filter(({ phase }) => phases.includes(phase));
  if (round.faults.some(({ onFrailNode }) => onFrailNode)) await world.cordon(world.nodes.steady);
  for (const subject of round.subjects) await world.simulator.arrange(arrangements(subject, round, random));
  await Promise.all(
    of('Recording', 'Stopping').map(async (subject) => {
      await driver.create(subject);
      await driver.record(subject);
    }),
  );
  await Promise.all(of('Starting').map((subject) => driver.create(subject)));
  await Promise.all(of('Starting').map((subject) => driver.reach(subject, 'Starting')));
  await Promise.all(of('Pending').map((subject) => driver.create(subject)));
  await Promise.all(of('Pending').map((subject) => driver.reach(subject, 'Pending')));
  await sleep(between(random, 0, 3000), undefined, { signal });
  await Promise.all(of('Stopping').map((subject) => driver.stop(subject)));
  await Promise.all(of('Stopping').map((subject) => driver.reach(subject, 'Stopping')));
}

function arrangements(
  subject: Subject,
  { faults }: Round,
  random: Random,
): Parameters<ChaosWorld['simulator']['arrange']>[0] {
  const fault = faults.find(({ name }) => name === subject.fault);
  const own = fault?.arrange?.(subject) ?? [];
  const channel = subject.name;
  // It stays in its phase for long enough to be met in it.
  if (subject.phase === 'Starting')
    return [...own, { match: { operation: 'push', channel }, fault: { kind: 'late-start', seconds: 6 } }];
  if (subject.phase === 'Stopping' && own.length === 0 && random() < 0.5)
    return [{ match: { operation: 'delete', channel }, fault: LATE_DELETE }];
  return [...own];
}

async function strikeAndJudge(round: Round, driver: Driver, scene: Scene): Promise<Ended[]> {
  const { world } = scene;
  const began = performance.now();
  const phases = round.subjects.map(({ name }) => world.observer.of(name).last?.status?.phase ?? 'gone');
  const whole = new Map<Fault, Promise<void>>();
  const strike = (fault: Fault, subject: Subject): Promise<void> => {
    if (fault.scope === 'recording') return fault.strike(subject, scene);
    const known = whole.get(fault) ?? fault.strike(round.subjects, scene);
    whole.set(fault, known);
    return known;
  };
  return await Promise.all(
    round.subjects.map(async (subject, index): Promise<Ended> => {
      const fault = round.faults.find(({ name }) => name === subject.fault);
      if (fault === undefined) throw new Error(`nothing is known of ${subject.fault}`);
      const patienceMs = (fault.patienceSeconds ?? USUAL_PATIENCE_SECONDS) * 1000;
      const late =
        phases[index] === subject.phase ? [] : [`it was ${phases[index]} already when it was struck`];
      let failure: string[] = [];
      let leftovers: string[] = [];
      try {
        await strike(fault, subject);
        if (subject.phase !== 'Stopping') {
          await driver.goOn(subject, patienceMs);
          await driver.stop(subject);
        }
        await driver.end(subject, patienceMs);
        leftovers = await leftoversOf(subject, world, patienceMs);
      } catch (error) {
        scene.signal.throwIfAborted();
        failure = [messageOf(error)];
      }
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      const verdict = await judge(subject, fault, world).catch((error: unknown): Verdict => {
        return { packetsLost: 0, complaints: [messageOf(error)], note: '' };
      });
      const complaints = [...failure, ...verdict.complaints, ...leftovers.map((left) => `${left} is left`)];
      const note = [verdict.note, ...late].join('; ');
      const said = [...complaints, note].join('; ');
      say(
        `   ${complaints.length === 0 ? '✓' : '✗'} ${subject.fault} while ${subject.phase}: ${seconds} s, ${said}`,
      );
      return { subject, verdict: { ...verdict, complaints, note }, leftovers, seconds };
    }),
  );
}

/** What is wrong with no recording in particular is wrong with all of the round. */
function cellOf(
  { subject, verdict, leftovers, seconds }: Ended,
  common: readonly string[],
  round: Round,
): Cell {
  const mine = common.filter((text) => {
    const named = round.subjects.filter(({ name }) => text.includes(name));
    return named.length === 0 || named.includes(subject);
  });
  const complaints = [...verdict.complaints, ...mine];
  return {
    fault: subject.fault,
    phase: subject.phase,
    ok: complaints.length === 0,
    seconds,
    packetsLost: verdict.packetsLost,
    leftovers: leftovers.length,
    note: [...complaints, verdict.note].join('; '),
  };
}
