import { parseArgs } from 'node:util';

export const USAGE = `Usage: node test/bench/controller/cli.ts [OPTIONS]

Measures the controller beside one written in Go with controller-runtime, one after the other, each against a fresh API
server and etcd whose pods kwok runs. Writes out/bench-controller/report.json. Linux only.

  --objects LIST   how many recordings are started at once, for example 1000,10000 (the default)
  --runs N         runs of each size up to 1,000 (3)
  --large-runs N   runs of each larger size (1)
  --only NAME      meetrec or controller-runtime: one side alone, without ratios
  --quick          100 recordings, one run
  --keep-logs      print what the controllers have logged
  --help
`;

export const contenderNames = ['meetrec', 'controller-runtime'] as const;
export type ContenderName = (typeof contenderNames)[number];

export interface BenchOptions {
  readonly objects: readonly number[];
  readonly runs: number;
  readonly largeRuns: number;
  readonly only: ContenderName | undefined;
  readonly keepLogs: boolean;
}

/** Throws TypeError on an option that is not known, RangeError on a value that makes no sense. */
export function benchOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      objects: { type: 'string', default: '1000,10000' },
      runs: { type: 'string', default: '3' },
      'large-runs': { type: 'string', default: '1' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'keep-logs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const only = contenderNames.find((name) => name === values.only);
  if (values.only !== undefined && only === undefined) throw new RangeError(`--only ${values.only}?`);
  return {
    objects: values.quick ? [100] : values.objects.split(',').map((text) => whole('--objects', text)),
    runs: values.quick ? 1 : whole('--runs', values.runs),
    largeRuns: whole('--large-runs', values['large-runs']),
    only,
    keepLogs: values['keep-logs'],
  };
}

function whole(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 50_000) throw new RangeError(`${option} ${text}?`);
  return value;
}
