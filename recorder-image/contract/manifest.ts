import { z } from 'zod';
import { FILE_FORMATS } from './formats.ts';
import { gapSchema, INCOMPLETE_REASONS } from './completeness.ts';

const time = z.string().describe('RFC 3339.');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One elementary stream of a file: what a recorder accepted of it, which is what the file was proven to hold. */
export const manifestTrackSchema = z.object({
  /** `video:0`, `audio:0`; a multitrack publisher's further tracks count from 1. */
  id: z.string().regex(/^(audio|video):[0-9]+$/),
  /** As published: a name of the codec registry. */
  codec: z.string(),
  /** As it is in the file, where it was encoded. */
  encodedAs: z.string().optional(),
  packets: z.int().min(0),
  /** Of the packets' payloads. */
  bytes: z.int().min(0),
  /** SHA-256 of all payloads in order; absent for a track that was encoded. */
  sha256: sha256.optional(),
  /** SHA-256 of all presentation and decoding times in order, each as 8 bytes of big-endian milliseconds. */
  timesSha256: sha256.optional(),
  /** Seconds of media on the recording's timeline. */
  firstSeconds: z.number().min(0),
  lastSeconds: z.number().min(0),
  /**
   * Base64 of a CRC-32 (4 bytes, big-endian) for each second of the timeline from the take's first one on: of the
   * packets that begin in it. By it a verifier names the first second that differs.
   */
  seconds: z.string().optional(),
});
export type ManifestTrack = z.infer<typeof manifestTrackSchema>;

export const manifestFileSchema = z.object({
  key: z.string(),
  format: z.enum(FILE_FORMATS),
  /** Of this very object. */
  sizeBytes: z.int().min(0),
  /** ALGORITHM:VALUE as the object store reports it, base64. */
  checksum: z.string().optional(),
  /** Hex, where the recorder saw all of the bytes. */
  sha256: sha256.optional(),
  attempt: z.int().min(1),
  /** The takes that are in it, in order; several where they were joined. */
  takes: z.array(z.int().min(1)),
  tracks: z.array(manifestTrackSchema),
  /** Of a playlist: its segments in order, the header first. */
  segments: z
    .array(z.object({ key: z.string(), sizeBytes: z.int().min(0), crc32: z.string().optional() }))
    .optional(),
});
export type ManifestFile = z.infer<typeof manifestFileSchema>;

/** What `manifest.json` in a recording's folder says: written last of all, so that what it names is there. */
export const manifestSchema = z.object({
  version: z.literal(1),
  recording: z.object({
    id: z.string(),
    uid: z.string().optional(),
    meetingId: z.string().optional(),
    requestedBy: z.string().optional(),
  }),
  startedAt: time.optional(),
  stoppedAt: time.optional(),
  durationSeconds: z.number().min(0),
  attempts: z.array(
    z.object({
      attempt: z.int().min(1),
      node: z.string().optional(),
      /** Why the attempt ended, as a result has it. */
      reason: z.string(),
    }),
  ),
  files: z.array(manifestFileSchema),
  gaps: z.array(gapSchema),
  /** Tracks that were refused, and why. */
  leftOut: z.array(z.object({ track: z.string(), codec: z.string(), why: z.string() })),
  complete: z.boolean(),
  incompleteReason: z.enum(INCOMPLETE_REASONS).optional(),
  missingSeconds: z.number().min(0),
  writtenBy: z.object({ meetrec: z.string(), ffmpeg: z.string().optional() }),
  writtenAt: time,
  /** HMAC-SHA-256 over the manifest without this field, with a key of the installation. */
  signature: z
    .object({ algorithm: z.literal('HMAC-SHA256'), keyId: z.string(), value: z.string() })
    .optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;
