import { FAULTS } from './faults/faults.ts';
import type { Fault } from './faults/fault.ts';
import type { FaultName } from './faults/names.ts';
import type { ChaosPhase } from './phases.ts';
import type { Subject } from './subject.ts';

/** What is tried at a time. */
export interface Round {
  readonly faults: readonly Fault[];
  readonly subjects: readonly Subject[];
  /** Recordings that may run at a time: so many that those to be Pending are. */
  readonly slots: number;
}

/** Faults of single recordings in groups, then those of the whole cluster one by one. `run` makes names unique. */
export function planRounds(options: {
  readonly faults: readonly FaultName[];
  readonly phases: readonly ChaosPhase[];
  readonly parallel: number;
  readonly run: string;
}): Round[] {
  const { parallel, run } = options;
  // What is Pending waits for something.
  const phases: readonly ChaosPhase[] =
    options.phases.length === 1 && options.phases[0] === 'Pending'
      ? ['Pending', 'Recording']
      : options.phases;
  const all = options.faults.map((name) => FAULTS[name]);
  const single = all.filter(({ scope }) => scope === 'recording');
  const groups: Fault[][] = [];
  for (let first = 0; first < single.length; first += parallel)
    groups.push(single.slice(first, first + parallel));
  for (const fault of all) if (fault.scope === 'cluster') groups.push([fault]);
  return groups.map((faults) => {
    const subjects = faults.flatMap((fault) =>
      phases.map((phase): Subject => {
        const heavy = fault.heavy === true && (phase === 'Recording' || phase === 'Stopping');
        const name = `${fault.name}-${phase.toLowerCase()}-${run}`;
        return { fault: fault.name, phase, name, heavy };
      }),
    );
    return { faults, subjects, slots: subjects.filter(({ phase }) => phase !== 'Pending').length };
  });
}
