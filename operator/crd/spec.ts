import { z } from 'zod';
import { FORMAT_NAMES } from '../../recorder-image/contract/formats.ts';
import { MAX_PIXEL_RATE } from '../../recorder-image/contract/encoding-cost.ts';
import { rules } from './cel.ts';

/** What can be asked for. */
export const FORMATS = FORMAT_NAMES;
export const REGIONS = ['cn', 'ap', 'na', 'eu'] as const;
/** `auto`: Agora's own arrangement. The others are computed here from who is in the channel. */
export const LAYOUTS = ['auto', 'grid', 'speaker'] as const;
/** `mixed`: everybody in one picture and one sound. `raw`: one host's stream as it is. */
export const PUSH_MODES = ['mixed', 'raw'] as const;

/** What is recorded when the object does not say otherwise. Durations in seconds, bitrate in kbit/s. */
export const DEFAULTS = {
  format: 'mp4',
  resolution: '1280x720',
  fps: 30,
  bitrateKbps: 2000,
  maxDurationSeconds: 7200,
  ttlSecondsAfterFinished: 604_800,
} as const;

/** Bounds that the API server and the REST API enforce alike. */
export const BOUNDS = {
  meetingIdLength: 128,
  channelLength: 64,
  fps: { min: 1, max: 60 },
  bitrateKbps: { min: 100, max: 20_000 },
  maxDurationSeconds: { min: 1, max: 86_400 },
  side: { min: 66, max: 3840 },
  uid: { min: 1, max: 4_294_967_295 },
} as const;

/** WIDTHxHEIGHT in pixels. */
export const RESOLUTION_PATTERN = /^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$/;

const uid = z.int().min(BOUNDS.uid.min).max(BOUNDS.uid.max);

const agoraSource = z
  .object({
    channel: z.string().min(1).max(BOUNDS.channelLength).describe('The Agora channel of the meeting.'),
    region: z
      .enum(REGIONS)
      .default('eu')
      .describe("Where the cluster is, for Agora: the RTMP server's region."),
    layout: z
      .enum(LAYOUTS)
      .optional()
      .describe(
        "How participants are arranged; auto, which is Agora's own way, unless told and while nobody is known.",
      ),
    speakerUid: uid
      .optional()
      .describe('With layout speaker: who is large; whoever came first, unless told.')
      .meta({ format: 'int64' }),
    mode: z
      .enum(PUSH_MODES)
      .optional()
      .describe("raw: the stream of the host streamUid as it is; mixed, which is everybody's, unless told."),
    streamUid: uid
      .optional()
      .describe('With mode raw: the uid of the host whose stream is recorded.')
      .meta({ format: 'int64' }),
    audioOnly: z.boolean().optional().describe('true: only the sound is recorded.'),
  })
  .meta(
    rules(
      {
        rule: "(has(self.mode) && self.mode == 'raw') == has(self.streamUid)",
        message:
          'mode raw goes with streamUid, the uid of the host whose stream is recorded: mode: raw, streamUid: 12',
      },
      {
        rule: "!has(self.streamUid) || ((!has(self.layout) || self.layout == 'auto') && (!has(self.audioOnly) || !self.audioOnly))",
        message: 'mode raw records a stream as it is: leave out layout and audioOnly',
      },
      {
        rule: "!has(self.audioOnly) || !self.audioOnly || !has(self.layout) || self.layout == 'auto'",
        message: 'audioOnly has no picture to arrange: leave out layout',
      },
      {
        rule: "!has(self.speakerUid) || (has(self.layout) && self.layout == 'speaker')",
        message: 'speakerUid goes with layout: speaker',
      },
    ),
  );

const rtmpSource = z.object({
  streamKeySha256: z
    .string()
    .max(64)
    .optional()
    .describe(
      'Hex SHA-256 of the stream key that may publish; without it the key is derived by the operator.',
    )
    .meta(
      rules({
        rule: "self.matches('^[0-9a-f]{64}$')",
        message:
          "streamKeySha256 is the key's SHA-256 as 64 lower-case hex digits: printf %s KEY | sha256sum",
      }),
    ),
});

export const sourceSchema = z
  .object({
    agora: agoraSource.optional().describe('The operator has Agora push the mixed meeting to the recorder.'),
    rtmp: rtmpSource.optional().describe('Whoever holds the stream key publishes by RTMP.'),
  })
  .meta(
    rules(
      {
        rule: 'has(self.agora) != has(self.rtmp)',
        message:
          'source needs exactly one of agora and rtmp, for example source: {agora: {channel: standup}}',
      },
      { rule: 'self == oldSelf', message: 'source is immutable: make a new MeetingRecording' },
    ),
  );

export const outputSchema = z
  .object({
    format: z.enum(FORMATS).default(DEFAULTS.format),
    resolution: z
      .string()
      .max(9)
      .default(DEFAULTS.resolution)
      .describe('WIDTHxHEIGHT in pixels.')
      .meta(
        rules(
          {
            rule: `self.matches('${RESOLUTION_PATTERN.source}')`,
            message: 'resolution is WIDTHxHEIGHT in pixels, for example 1280x720',
          },
          {
            rule: `!self.matches('${RESOLUTION_PATTERN.source}') || self.split('x').all(side, int(side) >= ${BOUNDS.side.min} && int(side) <= ${BOUNDS.side.max} && int(side) % 2 == 0)`,
            message: `both sides of resolution are even numbers from ${BOUNDS.side.min} to ${BOUNDS.side.max}, for example 1280x720`,
          },
        ),
      ),
    fps: z.int().min(BOUNDS.fps.min).max(BOUNDS.fps.max).default(DEFAULTS.fps).describe('Frames per second.'),
    bitrateKbps: z
      .int()
      .min(BOUNDS.bitrateKbps.min)
      .max(BOUNDS.bitrateKbps.max)
      .default(DEFAULTS.bitrateKbps)
      .describe('Bitrate of the video, in kbit/s.'),
  })
  .meta(rules({ rule: 'self == oldSelf', message: 'output is immutable: make a new MeetingRecording' }));

export const specSchema = z
  .object({
    meetingId: z
      .string()
      .min(1)
      .max(BOUNDS.meetingIdLength)
      .describe('The meeting that is recorded, by the id that the backend knows it by.')
      .meta(
        rules({ rule: 'self == oldSelf', message: 'meetingId is immutable: make a new MeetingRecording' }),
      ),
    requestedBy: z
      .string()
      .max(BOUNDS.meetingIdLength)
      .optional()
      .describe('The user who asked for the recording.'),
    source: sourceSchema.describe('Where the media comes from: exactly one of agora and rtmp.'),
    output: outputSchema.prefault({}).describe('The file that is made.'),
    maxDurationSeconds: z
      .int()
      .min(BOUNDS.maxDurationSeconds.min)
      .max(BOUNDS.maxDurationSeconds.max)
      .default(DEFAULTS.maxDurationSeconds)
      .describe('Seconds of media after which the recording ends by itself.'),
    desiredState: z
      .enum(['Recording', 'Stopped'])
      .default('Recording')
      .describe('Set to Stopped to end the recording; that is final.')
      .meta(
        rules({
          rule: "oldSelf != 'Stopped' || self == 'Stopped'",
          message: 'desiredState Stopped is final: make a new MeetingRecording to record again',
        }),
      ),
    immutableReplicas: z
      .int()
      .min(1)
      .max(1)
      .optional()
      .describe('Always 1: it lets a PodDisruptionBudget count recorder pods.')
      .meta({ default: 1 }),
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .max(31_536_000)
      .default(DEFAULTS.ttlSecondsAfterFinished)
      .describe('Seconds after the end at which the object is removed; the file stays.'),
  })
  .meta(
    rules(
      {
        rule: 'has(self.requestedBy) == has(oldSelf.requestedBy) && (!has(self.requestedBy) || self.requestedBy == oldSelf.requestedBy)',
        message: 'requestedBy is immutable: make a new MeetingRecording',
      },
      {
        rule: '!has(self.source.agora) || (self.output.fps <= 30 && self.output.bitrateKbps <= 10000)',
        message:
          'Agora pushes at most 30 frames per second and 10000 kbit/s: lower output.fps or output.bitrateKbps',
      },
      {
        // Here, because the default of output is checked before it has its own. What is no resolution is told so above.
        rule: `self.output.format != 'webm' || !self.output.resolution.matches('${RESOLUTION_PATTERN.source}') || int(self.output.resolution.split('x')[0]) * int(self.output.resolution.split('x')[1]) * self.output.fps <= ${MAX_PIXEL_RATE}`,
        message: `webm is encoded while it is recorded, at most ${MAX_PIXEL_RATE} pixels a second: 1920x1080 at 60 frames per second, 2560x1440 at 33 or 3840x2160 at 15. Lower output.resolution or output.fps, or record mp4, which is copied`,
      },
    ),
  );

/** The spec as people write it: what has a default may be left out. */
export type MeetingRecordingSpecInput = z.input<typeof specSchema>;
/** The spec as the API server returns it: with the defaults filled in. */
export type MeetingRecordingSpec = z.output<typeof specSchema>;
