import { parseArgs } from 'node:util';

export const USAGE = `Measures the recorder beside its peers, and writes out/bench-recorder/report.json.

  make bench-recorder                      everything: about 30 minutes, as root
  make bench-recorder ARGS='--quick'       shorter and fewer runs, to see that it works: about 2 minutes

  --quick         shorter and fewer runs; the figures are no measure of anything
  --only PARTS    comma-separated: listen, steady, long, crowd, streams
  --runs N        runs of the comparison in real time (default 3)
  --streams N     the most recordings at a time that are tried (default 160)
  --help`;

const PARTS = ['listen', 'steady', 'long', 'crowd', 'streams'] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  readonly help: boolean;
  readonly parts: ReadonlySet<Part>;
  /** Runs of the comparison in real time. */
  readonly runs: number;
  /** Starts of the program that are timed. */
  readonly starts: number;
  /** The window of the comparison, in s from the first media. */
  readonly steady: { readonly from: number; readonly to: number };
  /** Media of the short and of the long recording, in s, and how often each is made. */
  readonly short: { readonly seconds: number; readonly runs: number };
  readonly long: { readonly seconds: number; readonly runs: number };
  /** How many times faster than real time the short and the long recording are pushed. */
  readonly speed: number;
  readonly streams: number;
}

/** Throws with a message for the user when the arguments make no sense. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: PARTS.join(',') },
      runs: { type: 'string' },
      streams: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { quick, help, only } = values;
  return {
    help,
    parts: new Set(only.split(',').map(partNamed)),
    runs: positive('--runs', values.runs, quick ? 1 : 3),
    starts: quick ? 3 : 10,
    steady: quick ? { from: 3, to: 10 } : { from: 10, to: 60 },
    short: { seconds: 120, runs: quick ? 1 : 3 },
    long: { seconds: quick ? 600 : 7200, runs: quick ? 1 : 2 },
    speed: quick ? 60 : 24,
    streams: positive('--streams', values.streams, quick ? 4 : 160),
  };
}

function partNamed(name: string): Part {
  const part = PARTS.find((known) => known === name);
  if (part === undefined) throw new Error(`--only takes ${PARTS.join(', ')}, not ${name}`);
  return part;
}

function positive(option: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} takes a whole number, not ${text}`);
  return value;
}
