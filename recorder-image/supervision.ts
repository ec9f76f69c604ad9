import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { RecorderTermination } from './contract/status.ts';

/** What became of the recorders before this one in its container. */
export interface EarlierRuns {
  /** How many there were. */
  readonly restarts: number;
  /** How the last of them ended. */
  readonly lastTermination?: RecorderTermination;
}

export interface Supervision extends EarlierRuns {
  /** The stop had come before this recorder was started. */
  readonly stopped: boolean;
}

const whole = z.coerce.number().int().min(0);
const argumentsSchema = z.object({
  stopped: z.boolean().default(false),
  restarts: whole.default(0),
  'last-exit-code': whole.optional(),
  /** Unix time in seconds. */
  'last-ended-at': whole.optional(),
});

/** Reads what supervise.sh tells the recorder on its command line. Throws ZodError for what is no number. */
export function supervisionFrom(args: readonly string[]): Supervision {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      stopped: { type: 'boolean' },
      restarts: { type: 'string' },
      'last-exit-code': { type: 'string' },
      'last-ended-at': { type: 'string' },
    },
  });
  const told = argumentsSchema.parse(values);
  const { stopped, restarts, 'last-exit-code': exitCode, 'last-ended-at': endedAt } = told;
  if (exitCode === undefined || endedAt === undefined) return { stopped, restarts };
  const signal = signalOf(exitCode);
  const lastTermination = {
    exitCode,
    ...(signal !== undefined && { signal }),
    at: new Date(endedAt * 1000).toISOString(),
  };
  return { stopped, restarts, lastTermination };
}

/** A shell's way to say that a signal ended a program. */
function signalOf(exitCode: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => exitCode === 128 + number)?.[0];
}
