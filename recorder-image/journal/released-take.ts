import { z } from 'zod';
import { Take } from './take.ts';

const time = z.number();

/** What is kept of a take whose file is gone. All times in ms. */
export const releasedTakeSchema = z.object({
  index: z.int().min(1),
  /** Bytes that the file had. */
  size: z.int().min(0),
  /** On the journal's timeline. */
  startMs: time,
  endMs: time,
  /** The end as a Unix time. */
  endedAt: time,
  /** All of the journal up to the end. */
  silences: z.array(z.object({ fromMs: time, toMs: time })),
});
export type ReleasedTake = Readonly<z.infer<typeof releasedTakeSchema>>;

/** The take as its journal shows it. */
export function restoredTake({ index, size, startMs }: ReleasedTake, path: string): Take {
  const take = new Take({ index, path });
  take.update(size, { settled: new Set(), configs: [], firstMediaMs: startMs });
  take.end();
  take.release();
  return take;
}
