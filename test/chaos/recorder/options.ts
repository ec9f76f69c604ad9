import { parseArgs } from 'node:util';

export const USAGE = `Kills recorders and breaks their networks at random moments, and checks every packet of what they make.
Writes out/chaos-recorder/report.json; the exit code is 1 when any recording is not as it should be.

  make chaos-recorder                        200 recordings: some minutes
  make chaos-recorder ARGS='--runs 20'
  make chaos-recorder ARGS='--seed 17'       that one again
  make chaos-recorder ARGS='--soak 60'       an hour of them
  make chaos-recorder ARGS='--outage 600'    where S3 is away for long, it is for ten minutes

  --runs N       how many recordings (default 200)
  --from N       the first seed (default 0)
  --seed N       this one only
  --soak N       go on for so many minutes
  --outage N     how many seconds S3 is away in an s3-long-down (default 4 to 8)
  --parallel N   recordings at a time (default 2)
  --help`;

export interface ChaosOptions {
  readonly help: boolean;
  /** The first seed; the others follow it. */
  readonly from: number;
  /** Infinity with a time limit. */
  readonly runs: number;
  /** No recording is begun after this, in ms. */
  readonly limitMs: number;
  readonly parallel: number;
  /** Ms. */
  readonly outageMs?: number;
}

/** Throws with a message for the user when the arguments make no sense. */
export function chaosOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      from: { type: 'string', default: '0' },
      seed: { type: 'string' },
      soak: { type: 'string' },
      outage: { type: 'string' },
      parallel: { type: 'string', default: '2' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { runs, from, seed, soak, outage, parallel, help } = values;
  return {
    help,
    from: whole('--from', seed ?? from, 0),
    runs: seed !== undefined ? 1 : whole('--runs', runs ?? (soak === undefined ? '200' : '1000000'), 1),
    limitMs: soak === undefined ? Infinity : whole('--soak', soak, 1) * 60_000,
    parallel: whole('--parallel', parallel, 1),
    ...(outage === undefined ? {} : { outageMs: whole('--outage', outage, 1) * 1000 }),
  };
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${option} takes a whole number from ${least}, not ${text}`);
  }
  return value;
}
