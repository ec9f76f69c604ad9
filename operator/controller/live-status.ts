import { z } from 'zod';
import { recorderStateSchema } from '../../recorder-image/contract/status.ts';
import { claimedSeconds, claimedTime } from './claimed-values.ts';

const MAX_TEXT_LENGTH = 1024;
const MAX_SHOWN_LENGTH = 100;

/** Half a character at the cut would be stored as another one, and be written again and again. */
const text = z.string().transform((all) => all.slice(0, MAX_TEXT_LENGTH).toWellFormed());

const liveStatusSchema = z.object({
  recordingId: z.string(),
  /** Absent: a state that this controller does not know, and none before it that it does. */
  state: recorderStateSchema.optional(),
  version: z.int().min(0).default(0),
  startedAt: claimedTime.optional(),
  lastMediaAt: claimedTime.optional(),
  durationSeconds: claimedSeconds.optional(),
  maxDurationSeconds: claimedSeconds.optional(),
  restarts: z.int().min(0).optional(),
  lastTermination: z
    .object({ exitCode: z.int(), signal: text.optional(), message: text.optional(), at: claimedTime })
    .optional(),
  message: text.optional(),
});

/** What the controller reads of a recorder's `GET /status`: a status can hold all of it. */
export type LiveStatus = z.infer<typeof liveStatusSchema>;

export interface LiveReading {
  readonly status: LiveStatus;
  /** What was left out, because no status can hold it: the beginning of each value, by field. */
  readonly ignored: Readonly<Record<string, string>>;
}

/**
 * Reads what a recorder says of itself. It may be of another version, and it speaks with publishers: an invalid field is
 * left out and costs nothing but itself, and a state that is not known leaves the one before it. Throws ZodError where it
 * is no object, or does not say whose recorder it is.
 *
 * @param known what the same recorder said before
 */
export function readLiveStatus(body: unknown, known: LiveStatus | undefined): LiveReading {
  const claim = z.record(z.string(), z.unknown()).parse(body);
  const read = liveStatusSchema.safeParse(claim);
  const invalid = new Set(read.error?.issues.map(({ path }) => String(path[0])));
  const valid = Object.fromEntries(Object.entries(claim).filter(([field]) => !invalid.has(field)));
  const status = read.data ?? liveStatusSchema.parse(valid);
  const state = status.state ?? known?.state;
  return {
    status: { ...status, ...(state !== undefined && { state }) },
    ignored: Object.fromEntries([...invalid].map((field) => [field, shown(claim[field])])),
  };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? '').slice(0, MAX_SHOWN_LENGTH);
}
