import { z } from 'zod';
import { foreignGapsSchema, INCOMPLETE_REASONS } from './completeness.ts';
import { FILE_FORMATS } from './formats.ts';

/** Why a recording ended, as the recorder saw it. */
export const RESULT_REASONS = {
  Stopped: 'SIGTERM asked it to stop.',
  MaxDurationReached: 'RECORDING_MAX_DURATION was reached.',
  PublisherLost: 'The publisher was gone for longer than RECONNECT_WINDOW.',
  DiskFull: 'Free space fell below RECORDING_MIN_FREE_MB and no room could be made, or the disk was full.',
  NoPublisher: 'No publisher came within PUBLISHER_TIMEOUT.',
  NothingReceived: 'It was stopped before any media came.',
  UploadFailed: 'S3 refused the file for good; it is still in the spool.',
  BadConfiguration: 'The environment is wrong.',
  Salvaged: 'The recorder was lost; the file is made of what it had stored.',
  Internal: 'A fault of the recorder itself.',
} as const;

const reasons = Object.keys(RESULT_REASONS) as [
  keyof typeof RESULT_REASONS,
  ...(keyof typeof RESULT_REASONS)[],
];
export const resultReasonSchema = z.enum(reasons);
export type ResultReason = z.infer<typeof resultReasonSchema>;

const common = {
  reason: resultReasonSchema,
  /** Seconds of media. */
  durationSeconds: z.number().min(0).optional(),
  startedAt: z.string().optional(),
  stoppedAt: z.string().optional(),
};

/** What the recorder writes to RESULT_PATH, its pod's termination message: at most 4096 bytes of JSON. */
export const resultSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('completed'),
    ...common,
    bucket: z.string(),
    key: z.string(),
    /** s3://BUCKET/KEY */
    url: z.string(),
    sizeBytes: z.int().min(0),
    format: z.enum(FILE_FORMATS),
    /** ALGORITHM:VALUE as the object store reports it, base64. */
    checksum: z.string().optional(),
    /** As the object store answered when it made the object. */
    etag: z.string().optional(),
    /** Every take in order, the first one being the file above; only there where there is more than one. */
    files: z.array(z.object({ key: z.string(), sizeBytes: z.int().min(0) })).optional(),
    // What follows is said on top of a result: a value that another version has made up never costs the result itself.
    manifest: z.object({ key: z.string(), checksum: z.string().optional() }).optional().catch(undefined),
    /** Whether every packet that this recorder accepted is in the files; absent from recorders that can't tell. */
    complete: z.boolean().optional().catch(undefined),
    /** A reason that is not known here is one more way of losing media. */
    incompleteReason: z.enum(INCOMPLETE_REASONS).optional().catch('MediaLost'),
    /** The same for people: what is missing, and from when to when. */
    incompleteMessage: z.string().optional().catch(undefined),
    /** Seconds of media that it accepted and no file has. */
    missingSeconds: z.number().min(0).optional().catch(undefined),
    /** The first ones, as many as find room; the manifest has all. */
    gaps: foreignGapsSchema.optional().catch(undefined),
  }),
  z.object({
    outcome: z.literal('failed'),
    ...common,
    error: z.object({ code: z.string(), message: z.string() }),
  }),
]);
export type RecorderResult = z.infer<typeof resultSchema>;

/** The kubelet cuts a termination message off here. */
export const MAX_RESULT_BYTES = 4096;
