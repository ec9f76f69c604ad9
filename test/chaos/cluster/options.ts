import { parseArgs } from 'node:util';
import { FAULT_NAMES } from './faults/names.ts';
import type { FaultName } from './faults/names.ts';
import { PHASES } from './phases.ts';
import type { ChaosPhase } from './phases.ts';

export const USAGE = `Breaks everything around recordings on a real cluster of two nodes, in each of their phases, and checks that
nothing is lost, nothing is left and nothing lies. Prints a table and writes out/chaos/report.json; the exit code is 1
when any cell is not as it should be. The cluster is kept for the next run.

  make chaos                                        the whole matrix: about 25 minutes
  make chaos ARGS='--faults etcd-restarted,drain'   some faults
  make chaos ARGS='--phases Recording --seed 7'     one phase, other moments
  node test/cluster/cli.ts down --name chaos        removes the cluster

  --faults A,B       ${FAULT_NAMES.join(', ').replaceAll(/(.{60,80}?, )/g, '$1\n                     ')}
  --phases A,B       ${PHASES.join(', ')}
  --seed N           decides the moments at which things go wrong (default 1)
  --parallel N       how many faults of single recordings are tried at a time (default 2)
  --name NAME        the cluster's name (default chaos)
  --kubeconfig FILE  a cluster of this machine that runs already, made by test/cluster
  --write-docs       write the table of out/chaos/report.json to docs/reference/chaos.md; after the run, or with
                     --no-run without one
  --no-run
  --help`;

export interface ChaosOptions {
  readonly help: boolean;
  readonly faults: readonly FaultName[];
  readonly phases: readonly ChaosPhase[];
  readonly seed: number;
  readonly parallel: number;
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
      seed: { type: 'string', default: '1' },
      parallel: { type: 'string', default: '2' },
      name: { type: 'string', default: 'chaos' },
      kubeconfig: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      run: { type: 'boolean', default: true },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    help: values.help,
    faults: some('--faults', values.faults, FAULT_NAMES),
    phases: some('--phases', values.phases, PHASES),
    seed: whole('--seed', values.seed, 0),
    parallel: whole('--parallel', values.parallel, 1),
    name: values.name,
    kubeconfig: values.kubeconfig,
    writeDocs: values['write-docs'],
    run: values.run,
  };
}

/** In their usual order, whichever way they were named. */
function some<T extends string>(option: string, text: string | undefined, all: readonly T[]): T[] {
  if (text === undefined) return [...all];
  const named = text.split(',').map((name) => name.trim());
  const unknown = named.filter((name) => !(all as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`${option} takes ${all.join(', ')}, not ${unknown.join(', ')}`);
  return all.filter((name) => named.includes(name));
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${option} takes a whole number from ${least}, not ${text}`);
  }
  return value;
}
