import { z } from 'zod';
import { INCOMPLETE } from '../../recorder-image/contract/completeness.ts';

export const CONDITION_TYPES = {
  Admitted: 'The recording has a slot: it counts against the limit of concurrent recordings.',
  RecorderReady: "The recorder pod listens for a publisher at the status's ingest URL.",
  Receiving: "The publisher's media is arriving.",
  Uploaded: 'The file is in S3.',
  Complete:
    'Every packet that a recorder accepted is in the files: Unknown while active, False when something is missing.',
  Succeeded: 'The summary: Unknown while active, True when there is a file, False when there is none.',
} as const;

/** Reasons of conditions beyond those of `status.reason`, which stand in REASONS. */
export const CONDITION_REASONS = {
  SlotTaken: 'Admitted: the recording has its slot.',
  SlotReleased: 'Admitted: the recording has ended and its slot is free.',
  Listening: 'RecorderReady: the recorder listens for its publisher.',
  RecorderEnded: 'RecorderReady, Receiving: the recorder has ended.',
  FileStored: 'Uploaded: the file is in S3.',
  NoFile: 'Uploaded: there is no file.',
  InProgress: 'Complete: the recording has not ended.',
  EverythingStored: 'Complete: every packet that a recorder accepted is in the files.',
  NothingAccepted: 'Complete: no recorder has accepted any media, so that nothing is missing.',
  NotReported: 'Complete: nothing is known to be missing, and a recorder did not say that nothing is.',
  MediaLost: `Complete: ${INCOMPLETE.MediaLost}`,
  TrackLeftOut: `Complete: ${INCOMPLETE.TrackLeftOut}`,
  NotMuxed: `Complete: ${INCOMPLETE.NotMuxed}`,
} as const;
export type ConditionReason = keyof typeof CONDITION_REASONS;

export const conditionTypeSchema = z.enum(
  Object.keys(CONDITION_TYPES) as [keyof typeof CONDITION_TYPES, ...(keyof typeof CONDITION_TYPES)[]],
);
export type ConditionType = z.infer<typeof conditionTypeSchema>;

/** The Kubernetes condition, as metav1.Condition has it. */
export const conditionSchema = z.object({
  type: conditionTypeSchema,
  status: z.enum(['True', 'False', 'Unknown']),
  observedGeneration: z.int().min(0).optional(),
  /** Moves only when the status does. */
  lastTransitionTime: z.string().max(64).meta({ format: 'date-time' }),
  reason: z.string().min(1).max(128),
  message: z.string().max(4096),
});
export type Condition = z.infer<typeof conditionSchema>;
