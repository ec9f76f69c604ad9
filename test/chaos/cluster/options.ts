import { parseArgs } from 'node:util';
import { FAULT_NAMES } from './faults/names.ts';
import type { FaultName } from './faults/names.ts';
import { PHASES } from './phases.ts';
import type { ChaosPhase } from './phases.ts';

/** The ways to a recorder that a namespace under Pod Security restricted allows and any cluster has. */
const EXPOSURES = ['podIP', 'nodePort'] as const;
export type Exposure = (typeof EXPOSURES)[number];

export const USAGE = `Breaks everything around recordings on a real cluster of two nodes, in each of their phases, and checks that
nothing is lost, nothing is left and nothing lies. Prints a table and writes out/chaos/report.json, after each round anew.
The exit code is 0 when every cell is as it should be, 1 when one is not, 2 for arguments that make no sense, and 130
after Ctrl-C: what was broken is put right then, the recordings are removed, and the report has the cells that were done.
The cluster is kept for the next run.

  make chaos                                        the whole matrix: about 20 minutes
  make chaos ARGS='--faults etcd-restarted,drain'   some faults
  make chaos ARGS='--phases Recording --seed 7'     one phase, other moments
  make chaos ARGS='--only drain/Pending'            a cell, for example one that has failed
  node test/cluster/cli.ts down --name chaos        removes the cluster

  --faults A,B       ${FAULT_NAMES.join(', ').replaceAll(/(.{60,80}?,) /g, '$1\n                     ')}
  --phases A,B       ${PHASES.join(', ')}
  --only A/P,B/Q     these cells, each a fault and a phase; beside --faults and --phases, those of them
  --seed N           decides the moments at which things go wrong (default 1)
  --parallel N       how many faults of single recordings are tried at a time (default 2)
  --exposure WAY     how recorders are reached: ${EXPOSURES.join(', ')} (default podIP); with nodePort
                     each recording has a Service, which must not be left either
  --name NAME        the cluster's name (default chaos)
  --kubeconfig FILE  a cluster of this machine that runs already, made by test/cluster
  --write-docs       write the table of out/chaos/report.json to docs/reference/chaos.md, where it is that of a whole
                     matrix; after the run, or with --no-run without one
  --no-run
  --help`;

/** One fault in one phase. */
export interface CellName {
  readonly fault: FaultName;
  readonly phase: ChaosPhase;
}

export interface ChaosOptions {
  readonly help: boolean;
  /** In the order in which they are tried. */
  readonly cells: readonly CellName[];
  readonly seed: number;
  readonly parallel: number;
  readonly exposure: Exposure;
  readonly name: string;
  readonly kubeconfig: string | undefined;
  readonly writeDocs: boolean;
  readonly run: boolean;
}

/** Throws with a message for the user when the arguments make no sense. */
export function chaosOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      faults: { type: 'string' },
      phases: { type: 'string' },
      only: { type: 'string' },
      seed: { type: 'string', default: '1' },
      parallel: { type: 'string', default: '2' },
      exposure: { type: 'string', default: 'podIP' },
      name: { type: 'string', default: 'chaos' },
      kubeconfig: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      run: { type: 'boolean', default: true },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const faults = some('--faults', values.faults, FAULT_NAMES);
  const phases = some('--phases', values.phases, PHASES);
  const named = faults.flatMap((fault) => phases.map((phase): CellName => ({ fault, phase })));
  const only = some('--only', values.only, named.map(cellText));
  return {
    help: values.help,
    cells: named.filter((cell) => only.includes(cellText(cell))),
    seed: whole('--seed', values.seed, 0),
    parallel: whole('--parallel', values.parallel, 1),
    exposure: one('--exposure', values.exposure, EXPOSURES),
    name: values.name,
    kubeconfig: values.kubeconfig,
    writeDocs: values['write-docs'],
    run: values.run,
  };
}

/** As `--only` takes it. */
export function cellText({ fault, phase }: CellName): string {
  return `${fault}/${phase}`;
}

/** In their usual order, whichever way they were named. */
function some<T extends string>(option: string, text: string | undefined, all: readonly T[]): T[] {
  if (text === undefined) return [...all];
  const named = text.split(',').map((name) => name.trim());
  const unknown = named.filter((name) => !(all as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new Error(`${option} does not take ${unknown.join(', ')}, but ${all.join(', ')}`);
  return all.filter((name) => named.includes(name));
}

function one<T extends string>(option: string, text: string, all: readonly T[]): T {
  const named = all.find((name) => name === text);
  if (named === undefined) throw new Error(`${option} takes one of ${all.join(', ')}, not ${text}`);
  return named;
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${option} takes a whole number from ${least}, not ${text}`);
  }
  return value;
}
