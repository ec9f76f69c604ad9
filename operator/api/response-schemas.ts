import { z } from 'zod';
import { RTC_ROLES } from '../agora/rtc-token.ts';
import { FILE_FORMATS } from '../../recorder-image/contract/formats.ts';
import { LAYOUTS } from '../crd/spec.ts';
import { phaseSchema } from '../crd/phases.ts';
import { RECORDING_STATUSES } from '../meetings/recording-status.ts';
import { ERROR_CODES } from './error-codes.ts';
import type { ErrorCode } from './error-codes.ts';
import { RECORDING_ACTIONS } from './recording-tokens.ts';

const time = z.iso.datetime();
const text = z.string().nullable();
const seconds = z.number().min(0).nullable();
const bytes = z.int().min(0).nullable();

/** What a recording asked for, and what became of it: the same wherever recordings are told of. */
const recordingFields = {
  status: z.enum(RECORDING_STATUSES),
  startedAt: time.nullable().describe('First media.'),
  stoppedAt: time.nullable().describe('Last media.'),
  duration: seconds.describe('Seconds of media.'),
  fileUrl: text.describe('s3://BUCKET/KEY'),
  fileKey: text,
  fileSize: bytes.describe('Bytes.'),
  format: text.describe('mp4, webm or m3u8.'),
  resolution: text.describe('WIDTHxHEIGHT in pixels.'),
  fps: z.number().nullable().describe('Frames per second.'),
  bitrate: z.number().nullable().describe('kbit/s'),
  error: text.describe('Why it failed, for people.'),
  complete: z
    .boolean()
    .nullable()
    .describe(
      'Whether everything that was accepted is in the files; null while active, or where nobody can tell.',
    ),
  missingSeconds: seconds.describe("That are missing by the installation's fault; null as above."),
};

export const recordingSchema = z.strictObject({
  enabled: z.boolean().describe('Whether the meeting may be recorded.'),
  autoStart: z.boolean(),
  ...recordingFields,
  recordingId: text,
});

export const startedSchema = z.strictObject({
  recording: recordingSchema,
  ingest: z
    .strictObject({ streamKey: z.string(), url: z.string().optional() })
    .optional()
    .describe('Where the meeting is not recorded from Agora: what to publish with. Told once.'),
});

export const recordingAnswerSchema = z.strictObject({ recording: recordingSchema });

export const statusSchema = z.strictObject({
  recording: recordingSchema,
  live: z
    .strictObject({
      phase: phaseSchema,
      reason: text,
      message: text,
      queuePosition: z.int().min(0).nullable().describe('From 1; only while Pending.'),
      durationSeconds: seconds.describe('Seconds of media.'),
      ingestUrl: text.describe('Where to publish, without the stream key; for the host.'),
      recorder: z
        .strictObject({
          state: z.string().describe('waiting, recording, reconnecting, finishing, uploading or done.'),
          bytesReceived: z.int().min(0),
          bytesUploaded: z.int().min(0),
          bitrateKbps: z.number().min(0).describe('Over the last seconds, kbit/s.'),
          fps: z.number().min(0).describe('Video frames a second, over the last seconds.'),
        })
        .nullable()
        .describe('What the recorder says, at most a second old; null where it does not answer.'),
    })
    .nullable()
    .describe('Only while the recording is active.'),
});

export const downloadSchema = z.strictObject({
  recordingId: z.string(),
  url: z.string().describe('Serves the file to whoever has it, until it expires.'),
  expiresAt: time,
  fileName: z.string(),
  sizeBytes: bytes,
  format: z
    .enum(FILE_FORMATS)
    .describe('Of this file; flv: no file of the format could be made, and this is what was received.'),
  takes: z.int().min(1).describe('How many files the recording has.'),
});

export const listSchema = z.strictObject({
  recordings: z.array(
    z.strictObject({
      recordingId: z.string(),
      ...recordingFields,
      reason: text,
      requestedBy: text,
      createdAt: time,
      completedAt: time.nullable(),
      takes: z.int().min(0),
      legalHold: z.boolean().describe('Retention leaves the file alone.'),
      deletedAt: time.nullable().describe('When retention removed the file.'),
    }),
  ),
  next: text.describe('Send it as `after` for the next page; null on the last one.'),
});

export const meetingSchema = z.strictObject({
  meetingId: z.string(),
  host: z.string(),
  creator: z.string(),
  participants: z.array(z.string()),
  source: z.strictObject({
    kind: z.enum(['agora', 'rtmp']),
    channel: z.string().optional(),
    region: z.string().optional(),
  }),
  retentionDays: z.int().nullable().describe('Days that files are kept; null: as the installation has it.'),
  layout: z
    .enum(LAYOUTS)
    .nullable()
    .describe('How recordings are arranged; null: as the installation has it.'),
  audioOnly: z.boolean().describe('Only the sound is recorded.'),
  recording: recordingSchema,
});

export const legalHoldSchema = z.strictObject({
  meetingId: z.string(),
  recordingId: z.string(),
  legalHold: z.boolean(),
});

export const recordingTokenSchema = z.strictObject({
  token: z.string().describe('Send it as Authorization: Bearer TOKEN.'),
  expiresAt: time,
  meetingId: z.string(),
  action: z.enum(RECORDING_ACTIONS),
  userId: z.string().describe('Whose it is: what it does is done in this name.'),
});

export const rtcTokenSchema = z.strictObject({
  token: z.string().describe('For joinChannel of the Agora SDK.'),
  expiresAt: time,
  appId: z.string(),
  channel: z.string(),
  uid: z.int().min(1),
  role: z.enum(RTC_ROLES),
});

export const receivedSchema = z.strictObject({ received: z.literal(true) });

const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457. */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().describe('For people: what to do.'),
  code: z.enum(codes).describe('For programs: never changes.'),
  requestId: z.string(),
  errors: z
    .array(z.strictObject({ field: z.string(), message: z.string() }))
    .optional()
    .describe('Each wrong field.'),
  recording: recordingSchema.optional(),
});
