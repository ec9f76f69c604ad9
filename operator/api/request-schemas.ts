import { z } from 'zod';
import { RECORDING_ACTIONS, TOKEN_LIFETIME } from './recording-tokens.ts';
import { RTC_ROLES, RTC_TOKEN_LIFETIME } from '../agora/rtc-token.ts';
import { BOUNDS, FORMATS, LAYOUTS, REGIONS, RESOLUTION_PATTERN } from '../crd/spec.ts';

/** Ids and names that a backend brings along: any text that people and logs can bear. */
const name = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must not contain control characters');

const userId = name(BOUNDS.meetingIdLength);
const { fps, bitrateKbps, maxDurationSeconds, side } = BOUNDS;

const resolution = z
  .string()
  .max(9)
  .refine(
    (text) =>
      RESOLUTION_PATTERN.test(text) &&
      text
        .split('x')
        .map(Number)
        .every((length) => length >= side.min && length <= side.max && length % 2 === 0),
    `must be WIDTHxHEIGHT in pixels, both even and from ${side.min} to ${side.max}, for example 1280x720`,
  )
  .describe('WIDTHxHEIGHT in pixels.')
  .meta({ pattern: RESOLUTION_PATTERN.source, examples: ['1280x720'] });

const format = z.enum(FORMATS, { error: `must be one of ${FORMATS.join(', ')}` });
const region = z.enum(REGIONS, { error: `must be one of ${REGIONS.join(', ')}` });

export const meetingIdSchema = name(BOUNDS.meetingIdLength);
export const recordingIdSchema = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$|^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?~[0-9a-f]{12}$/,
    'must be a recording id, for example rec-7f3k2m9q',
  );

const layout = z.enum(LAYOUTS, { error: `must be one of ${LAYOUTS.join(', ')}` });
const uid = z.int().min(BOUNDS.uid.min).max(BOUNDS.uid.max);

const startFields = z.strictObject({
  format: format.optional(),
  resolution: resolution.optional(),
  fps: z.int().min(fps.min).max(fps.max).optional().describe('Frames per second.'),
  bitrate: z.int().min(bitrateKbps.min).max(bitrateKbps.max).optional().describe('kbit/s'),
  maxDuration: z
    .int()
    .min(maxDurationSeconds.min)
    .max(maxDurationSeconds.max)
    .optional()
    .describe('Seconds of media after which the recording ends by itself.'),
  layout: layout
    .optional()
    .describe(
      "Agora channels: how participants are arranged; auto is Agora's own way. As registered, unless told.",
    ),
  speakerUid: uid.optional().describe('With layout speaker: who is large; whoever came first, unless told.'),
  streamUid: uid
    .optional()
    .describe("Agora channels: this host's stream is recorded as it is, instead of everybody mixed."),
  audioOnly: z
    .boolean()
    .optional()
    .describe('Agora channels: true records only the sound. As registered, unless told.'),
});

/** What each says of the picture goes with none of the others. */
const PICTURES = ['layout', 'audioOnly', 'streamUid'] as const;

export const startBodySchema = startFields
  .refine((body) => PICTURES.filter((name) => body[name] !== undefined).length <= 1, {
    path: ['layout'],
    error: `send at most one of ${PICTURES.join(', ')}`,
  })
  .refine(({ speakerUid, layout }) => speakerUid === undefined || layout === 'speaker', {
    path: ['speakerUid'],
    error: 'goes with "layout": "speaker"',
  })
  .meta({
    oneOf: [
      { not: { anyOf: PICTURES.map((name) => ({ required: [name] })) } },
      ...PICTURES.map((name) => ({ required: [name] })),
    ],
  });

export const rtcTokenBodySchema = z.strictObject({
  uid: uid.describe('The uid that joins the channel with the token, and no other.'),
  role: z
    .enum(RTC_ROLES, { error: `must be one of ${RTC_ROLES.join(', ')}` })
    .default('publisher')
    .describe('subscriber: only receives, where the Agora project enforces that.'),
  expiresIn: z
    .int()
    .min(RTC_TOKEN_LIFETIME.min)
    .max(RTC_TOKEN_LIFETIME.max)
    .default(RTC_TOKEN_LIFETIME.default)
    .describe('Seconds that it is valid.'),
});

export const tokenBodySchema = z.strictObject({
  action: z
    .enum(RECORDING_ACTIONS, { error: `must be one of ${RECORDING_ACTIONS.join(', ')}` })
    .describe('The one thing that the token is good for.'),
  expiresIn: z
    .int()
    .min(TOKEN_LIFETIME.min)
    .max(TOKEN_LIFETIME.max)
    .optional()
    .describe(`Seconds that it is valid; ${TOKEN_LIFETIME.default} unless told.`),
  userId: userId.optional().describe('Backends only: whose token it is; the host, unless told.'),
});

export const legalHoldBodySchema = z.strictObject({
  legalHold: z.boolean().describe('true: retention leaves the file alone.'),
});

export const emptyBodySchema = z.strictObject({});

const channel = name(BOUNDS.channelLength);
const source = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('agora'), channel, region: region.default('eu') }),
    z.strictObject({ kind: z.literal('rtmp') }),
  ],
  { error: 'must be {"kind": "agora", "channel": "NAME"} or {"kind": "rtmp"}' },
);

export const meetingBodySchema = z
  .strictObject({
    host: userId.describe('The user who hosts the meeting.'),
    creator: userId.optional().describe('The user who created the meeting; the host, unless told.'),
    participants: z.array(userId).max(1000).default([]).describe('The users who may see the status.'),
    channel: channel.optional().describe("The meeting's Agora channel; short for source."),
    region: region.optional().describe('With channel: where the cluster is, for Agora.'),
    source: source.optional().describe('Where the media comes from.'),
    enabled: z.boolean().default(true).describe('Whether the meeting may be recorded.'),
    retentionDays: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe('Days after which files are removed; as the installation has it, unless told.'),
    autoStart: z.boolean().default(false).describe('Whether recording starts with the meeting.'),
    layout: layout
      .optional()
      .describe('Agora channels: how recordings are arranged; as the installation has it, unless told.'),
    audioOnly: z.boolean().optional().describe('Agora channels: true records only the sound.'),
  })
  .refine(({ layout, audioOnly }) => audioOnly !== true || (layout ?? 'auto') === 'auto', {
    path: ['layout'],
    error: 'leave it out with audioOnly, which has no picture to arrange',
  })
  .refine(({ source, layout, audioOnly }) => source?.kind !== 'rtmp' || (layout ?? audioOnly) === undefined, {
    path: ['source'],
    error: 'layout and audioOnly go with an Agora channel',
  })
  .refine(({ channel, source }) => (channel === undefined) !== (source === undefined), {
    path: ['source'],
    error: 'send exactly one of channel and source, for example "channel": "standup"',
  })
  .refine(({ region, channel }) => region === undefined || channel !== undefined, {
    path: ['region'],
    error: 'region goes with channel; within source, it is source.region',
  })
  .meta({ oneOf: [{ required: ['channel'] }, { required: ['source'], not: { required: ['region'] } }] });

export const noQuerySchema = z.strictObject({});

export const downloadQuerySchema = z.strictObject({
  redirect: z.enum(['0', '1']).default('0').describe('1: answer with a redirect to the file.'),
  recordingId: recordingIdSchema.optional().describe('An earlier recording of the meeting.'),
  take: z.coerce.number().int().min(1).max(100).default(1).describe('Which file, where there are several.'),
});

export const listQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: recordingIdSchema.optional().describe('The `next` of the page before.'),
});

export const idempotencyKeySchema = name(255);
