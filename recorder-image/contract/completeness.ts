import { z } from 'zod';

/** Why files lack something that a recorder accepted or was offered. */
export const INCOMPLETE = {
  MediaLost: 'Media that a recorder accepted is in no file.',
  TrackLeftOut: 'A track was refused, because its codec fits into no file.',
  NotMuxed: 'No file of the format could be made; the journal is stored as it is.',
} as const;
export type IncompleteReason = keyof typeof INCOMPLETE;
export const INCOMPLETE_REASONS = Object.keys(INCOMPLETE) as [IncompleteReason, ...IncompleteReason[]];

/** Why there is a stretch of time of which there is no media. */
export const GAPS = {
  PublisherAway: 'No publisher was there, or it sent nothing.',
  Paused: 'The recording was paused.',
  RecorderLost: 'A recorder was lost with what it had not stored yet, or another one was not there yet.',
  DiskFull: 'The disk took no more.',
} as const;
export type GapReason = keyof typeof GAPS;
export const GAP_REASONS = Object.keys(GAPS) as [GapReason, ...GapReason[]];

export const gapSchema = z.object({
  /** RFC 3339, wall clock. */
  from: z.string(),
  to: z.string(),
  reason: z.enum(GAP_REASONS),
});
export type Gap = z.infer<typeof gapSchema>;

/** Gaps as a program of another version tells them: those that this one does not understand are left out. */
export const foreignGapsSchema = z
  .array(z.unknown())
  .transform((gaps) => gaps.flatMap((gap) => gapSchema.safeParse(gap).data ?? []));

/** Gaps of which nobody but the installation is to blame: they count as missing seconds. */
export const OUR_GAPS: ReadonlySet<GapReason> = new Set(['RecorderLost', 'DiskFull']);
