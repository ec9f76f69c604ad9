import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultInput } from '../../agora-simulator/faults.ts';
import { between } from '../recorder/random.ts';
import type { Random } from '../recorder/random.ts';
import type { Driver } from './drive.ts';
import type { Scene } from './faults/fault.ts';
import type { Round } from './plan.ts';
import type { Subject } from './subject.ts';

/** The push goes on for a while after the stop: recordings are found in all of Stopping, not only at its end. */
const LATE_DELETE = { kind: 'hang', seconds: 2 } as const;
/** It stays Starting for long enough to be met in it. */
const LATE_START = { kind: 'late-start', seconds: 6 } as const;

/** Makes the round's recordings, and brings each of them to its phase at about the same moment. */
export async function bringToPhases(round: Round, driver: Driver, scene: Scene): Promise<void> {
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

/** What goes wrong by itself, in the subject's own phase. */
export function ownArrangements(subject: Subject, { faults }: Round): readonly FaultInput[] {
  return faults.find(({ name }) => name === subject.fault)?.arrange?.(subject) ?? [];
}

function arrangements(subject: Subject, round: Round, random: Random): FaultInput[] {
  const { phase, name: channel, isSlow } = subject;
  const own = [...ownArrangements(subject, round)];
  if (phase === 'Starting') own.push({ match: { operation: 'push', channel }, fault: LATE_START });
  if (phase === 'Stopping' && own.length === 0 && (random() < 0.5 || isSlow))
    own.push({ match: { operation: 'delete', channel }, fault: LATE_DELETE });
  return own;
}
