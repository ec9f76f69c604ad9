import { MOST_UNWRITTEN_MS } from '../journal/append-file.ts';
import { SHORTEST_SILENCE_MS } from '../journal/silences.ts';
import type { WallStretch } from './gaps.ts';

/**
 * The time that was lost with a recorder that ended while a publisher was there, all as Unix times in ms; undefined
 * where nothing can have been lost. One that had been told to stop was only taking in what was on its way.
 */
export function lossOf(facts: {
  /** Whether a publisher was connected when it ended. */
  readonly wasLive: boolean;
  /** When the last media came that it has written. */
  readonly lastMediaAt: number | undefined;
  /** When it ended, where that is known. */
  readonly endedAt: number | undefined;
  readonly wasStopping: boolean;
  readonly now: number;
}): WallStretch | undefined {
  const { wasLive, lastMediaAt, endedAt, wasStopping, now } = facts;
  if (!wasLive || lastMediaAt === undefined) return undefined;
  // A publisher that had sent nothing for a while had nothing to lose until then.
  const wasSilent = endedAt !== undefined && endedAt - lastMediaAt > SHORTEST_SILENCE_MS;
  const from = wasSilent ? endedAt : lastMediaAt;
  const to = wasStopping ? Math.min(now, from + MOST_UNWRITTEN_MS) : now;
  return to > from ? { from, to } : undefined;
}
