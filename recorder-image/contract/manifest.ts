import { z } from 'zod';
import { FILE_FORMATS } from './formats.ts';
import { gapSchema, INCOMPLETE_REASONS } from './completeness.ts';

const time = z.string().describe('RFC 3339.');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const crc32 = z.string().regex(/^[A-Za-z0-9+/]{6}==$/);
const take = z.int().min(1);

/** One elementary stream of a file, as the recorder has seen it in there. */
export const manifestTrackSchema = z.object({
  id: z
    .string()
    .regex(/^(audio|video):[0-9]+$/)
    .describe("`video:0`, `audio:0`; a multitrack publisher's further tracks have other numbers."),
  codec: z.string().describe('As published: a name of the codec registry.'),
  encodedAs: z.string().optional().describe('As it is in the file, where it was encoded.'),
  take: take.optional().describe('In a playlist of several takes: the one that it belongs to.'),
  packets: z.int().min(0),
  bytes: z.int().min(0).describe("Of the packets' payloads."),
  accepted: z
    .object({ packets: z.int().min(0), bytes: z.int().min(0) })
    .optional()
    .describe(
      'What the recorder accepted, where the file has something else: it was encoded, or something is missing.',
    ),
  sha256: sha256.optional().describe('SHA-256 of all payloads in order.'),
  timesSha256: sha256
    .optional()
    .describe(
      'SHA-256 of the presentation and the decoding time of each packet in order, each as 8 bytes of big-endian milliseconds.',
    ),
  firstSeconds: z.number().describe("Decoding time of the first packet, on the recording's timeline."),
  lastSeconds: z.number().describe('The same of the last one.'),
  offsetSeconds: z
    .number()
    .optional()
    .describe("What has to be added to the file's times, so that they are those of the recording."),
  seconds: z
    .string()
    .optional()
    .describe(
      'Base64 of 4 bytes, big-endian, for each second of the timeline from the one of firstSeconds on. They are of the packets ' +
        'whose decoding time is in it: the CRC-32 of their payloads XOR the CRC-32 of their times.',
    ),
});
export type ManifestTrack = z.infer<typeof manifestTrackSchema>;

export const manifestSegmentSchema = z.object({
  key: z.string(),
  sizeBytes: z.int().min(0),
  crc32: crc32.optional().describe('CRC-32 of the object, base64.'),
  take: take.optional().describe('The take that it belongs to.'),
});

export const manifestFileSchema = z.object({
  key: z.string(),
  format: z.enum(FILE_FORMATS),
  sizeBytes: z.int().min(0).describe('Of this very object.'),
  checksum: z.string().optional().describe('ALGORITHM:VALUE as the object store reports it, base64.'),
  crc32: crc32.optional().describe('CRC-32 of the object as the recorder has seen it, base64.'),
  attempt: z.int().min(1),
  takes: z.array(take).describe('The takes that are in it, in order; several where they were joined.'),
  tracks: z.array(manifestTrackSchema),
  segments: z
    .array(manifestSegmentSchema)
    .optional()
    .describe('Of a playlist: its segments in order, the header of each take first.'),
  differences: z
    .array(z.string())
    .optional()
    .describe('Where the file is not what was accepted: how, for people.'),
});
export type ManifestFile = z.infer<typeof manifestFileSchema>;

export const manifestAttemptSchema = z.object({
  attempt: z.int().min(1),
  node: z.string().optional(),
  reason: z.string().describe('Why the attempt ended, as a result has it.'),
  startedAt: time.optional(),
  stoppedAt: time.optional(),
});

/** What `manifest.json` in a recording's folder says: written last of all, so that what it names is there. */
export const manifestSchema = z.object({
  version: z.literal(1),
  recording: z.object({
    id: z.string().describe("The object's name."),
    uid: z.string().optional(),
    meetingId: z.string().optional(),
    requestedBy: z.string().optional(),
  }),
  startedAt: time.optional().describe('First media. RFC 3339.'),
  stoppedAt: time.optional().describe('Last media. RFC 3339.'),
  durationSeconds: z.number().min(0).describe('Of the media of all attempts.'),
  attempts: z.array(manifestAttemptSchema).describe('The recorders, one after the other.'),
  files: z.array(manifestFileSchema),
  gaps: z.array(gapSchema).describe('Stretches of time of which there is no media.'),
  leftOut: z
    .array(z.object({ track: z.string(), codec: z.string(), why: z.string() }))
    .describe('Tracks that were refused, and why.'),
  complete: z.boolean().describe('Whether every packet that a recorder accepted is in the files.'),
  incompleteReason: z.enum(INCOMPLETE_REASONS).optional(),
  missingSeconds: z
    .number()
    .min(0)
    .describe("Seconds of media that are missing, at least, and not by the publisher's doing."),
  writtenBy: z.object({ meetrec: z.string(), ffmpeg: z.string().optional() }).describe('Versions.'),
  writtenAt: time,
  signature: z
    .object({ algorithm: z.literal('HMAC-SHA256'), keyId: z.string(), value: z.string().describe('Base64.') })
    .optional()
    .describe('Over the manifest without this field, as JSON with sorted keys and without spaces.'),
});
export type Manifest = z.infer<typeof manifestSchema>;
