import { parseArgs } from 'node:util';

export const USAGE = `Usage: node test/bench/controller/cli.ts [OPTIONS]

Measures the controller beside one written in Go with controller-runtime, one after the other, each against a fresh API
server and etcd whose pods kwok runs. Writes out/bench-controller/report.json, and fails after that when the two have not
made the same objects. Linux only.

  --only LIST          parts to run, of 1k,10k,restart,churn,changes (all of them)
                         1k       1,000 recordings at once, from their creation to their end
                         10k      the same with 10,000
                         restart  the controller is started anew among those 10,000
                         churn    recordings come and go at a steady rate among many that go on
                         changes  recorders change their state, slots are freed: ours alone, with goals in time
  --side NAME          meetrec or controller-runtime: one side alone, without ratios
  --runs N             runs of 1k (3); the others are run once
  --churn-live N       recordings that go on (2000)
  --churn-rate N       recordings a second that begin, and as many that end (8)
  --churn-seconds N    for how long (90)
  --quick              all parts once, with a hundredth of the recordings, and a churn of seconds
  --profile            write CPU profiles of ours to out/bench-controller/profiles
  --keep-logs          print what the controllers have logged
  --help
`;

export const sideNames = ['meetrec', 'controller-runtime'] as const;
export type SideName = (typeof sideNames)[number];

export const partNames = ['1k', '10k', 'restart', 'churn', 'changes'] as const;
export type PartName = (typeof partNames)[number];

export interface BenchOptions {
  readonly parts: readonly PartName[];
  readonly side: SideName | undefined;
  readonly runs: number;
  /** How many recordings the parts 1k and 10k have. */
  readonly small: number;
  readonly large: number;
  readonly churn: ChurnOptions;
  readonly changes: ChangesOptions;
  readonly profile: boolean;
  readonly keepLogs: boolean;
}

export interface ChurnOptions {
  readonly live: number;
  /** Recordings a second. */
  readonly rate: number;
  readonly seconds: number;
}

export interface ChangesOptions {
  /** Recordings that may go on at a time. */
  readonly slots: number;
  /** Changes of recorders' states, and how many a second. */
  readonly flips: number;
  readonly flipRate: number;
  /** Recordings that end while others wait for their slots, and how many a second. */
  readonly freed: number;
  readonly freeRate: number;
}

/** Throws TypeError on an option that is not known, RangeError on a value that makes no sense. */
export function benchOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: partNames.join(',') },
      side: { type: 'string' },
      runs: { type: 'string', default: '3' },
      'churn-live': { type: 'string', default: '2000' },
      'churn-rate': { type: 'string', default: '8' },
      'churn-seconds': { type: 'string', default: '90' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      'keep-logs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { quick, side } = values;
  const churn = {
    live: quick ? 100 : whole('--churn-live', values['churn-live']),
    rate: whole('--churn-rate', values['churn-rate']),
    seconds: quick ? 5 : whole('--churn-seconds', values['churn-seconds']),
  };
  // Only those are ended that were there before, so that each has been Recording.
  if (churn.rate * churn.seconds > churn.live) throw new RangeError('more would end than --churn-live has');
  return {
    parts: values.only.split(',').map((name) => oneOf('--only', partNames, name)),
    side: side === undefined ? undefined : oneOf('--side', sideNames, side),
    runs: quick ? 1 : whole('--runs', values.runs),
    small: quick ? 10 : 1000,
    large: quick ? 100 : 10_000,
    churn,
    changes: quick
      ? { slots: 10, flips: 20, flipRate: 10, freed: 5, freeRate: 2 }
      : { slots: 50, flips: 200, flipRate: 10, freed: 40, freeRate: 3 },
    profile: values.profile,
    keepLogs: values['keep-logs'],
  };
}

function oneOf<T extends string>(option: string, names: readonly T[], wanted: string): T {
  const found = names.find((name) => name === wanted);
  if (found === undefined) throw new RangeError(`${option} ${wanted}?`);
  return found;
}

function whole(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 50_000) throw new RangeError(`${option} ${text}?`);
  return value;
}
