import { FAULTS } from './faults/faults.ts';
import type { Fault } from './faults/fault.ts';
import type { CellName } from './options.ts';
import type { ChaosPhase } from './phases.ts';
import type { Subject } from './subject.ts';

/** What is tried at a time. */
export interface Round {
  readonly faults: readonly Fault[];
  readonly subjects: readonly Subject[];
  /** Recordings that may run at a time: so many that those to be Pending are. */
  readonly slots: number;
}

/**
 * Faults of single recordings in groups, then those of the whole cluster one by one. `run` makes names unique;
 * `isSlow` gives recordings that stop a longer time to be met in.
 */
export function planRounds(options: {
  readonly cells: readonly CellName[];
  readonly parallel: number;
  readonly run: string;
  readonly isSlow?: boolean;
}): Round[] {
  const { parallel } = options;
  const phasesOf = Map.groupBy(options.cells, ({ fault }) => fault);
  const faults = [...phasesOf.keys()].map((name) => FAULTS[name]);
  const single = faults.filter(({ scope }) => scope === 'recording');
  const groups: Fault[][] = [];
  for (let first = 0; first < single.length; first += parallel)
    groups.push(single.slice(first, first + parallel));
  for (const fault of faults) if (fault.scope === 'cluster') groups.push([fault]);
  return groups.map((faults) => {
    const subjects = faults.flatMap((fault) =>
      withOccupant((phasesOf.get(fault.name) ?? []).map(({ phase }) => phase)).map((phase) =>
        subjectOf(fault, phase, options),
      ),
    );
    return { faults, subjects, slots: subjects.filter(({ phase }) => phase !== 'Pending').length };
  });
}

/** What is Pending waits for something. */
function withOccupant(phases: readonly ChaosPhase[]): readonly ChaosPhase[] {
  return phases.every((phase) => phase === 'Pending') ? ['Pending', 'Recording'] : phases;
}

function subjectOf(
  fault: Fault,
  phase: ChaosPhase,
  { run, isSlow = false }: { readonly run: string; readonly isSlow?: boolean },
): Subject {
  const heavy = fault.heavy === true && (phase === 'Recording' || phase === 'Stopping');
  return { fault: fault.name, phase, name: `${fault.name}-${phase.toLowerCase()}-${run}`, heavy, isSlow };
}
