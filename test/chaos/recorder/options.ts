import { parseArgs } from 'node:util';

export const USAGE = `Kills recorders and breaks their networks at random moments, and checks every packet of what they make.
Writes out/chaos-recorder/report.json; the exit code is 1 when any recording is not as it should be.

  make chaos-recorder                        200 recordings: about 8 minutes
  make chaos-recorder ARGS='--runs 20'
  make chaos-recorder ARGS='--seed 17'       that one again
  make chaos-recorder ARGS='--minutes 60'    as many as there is time for

  --runs N       how many recordings (default 200)
  --from N       the first seed (default 0)
  --seed N       this one only
  --minutes N    go on for so long
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
}

/** Throws with a message for the user when the arguments make no sense. */
export function chaosOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      from: { type: 'string', default: '0' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      parallel: { type: 'string', default: '2' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { runs, from, seed, minutes, parallel, help } = values;
  return {
    help,
    from: whole('--from', seed ?? from, 0),
    runs: seed !== undefined ? 1 : whole('--runs', runs ?? (minutes === undefined ? '200' : '1000000'), 1),
    limitMs: minutes === undefined ? Infinity : whole('--minutes', minutes, 1) * 60_000,
    parallel: whole('--parallel', parallel, 1),
  };
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${option} takes a whole number from ${least}, not ${text}`);
  }
  return value;
}
