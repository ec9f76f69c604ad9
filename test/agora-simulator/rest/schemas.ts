import * as z from 'zod';

const uid = z.int().nonnegative();
const canvasSide = z.int().min(66).max(1920);

const region = z.strictObject({
  xPos: z.int().nonnegative(),
  yPos: z.int().nonnegative(),
  zIndex: z.int().min(0).max(100).default(0),
  width: z.int().positive(),
  height: z.int().positive(),
});

const layoutEntry = z.strictObject({
  rtcStreamUid: uid,
  region,
  fillMode: z.enum(['fill', 'fit']).default('fill'),
  placeholderImageUrl: z.string().optional(),
});

const audioOptions = z.strictObject({
  codecProfile: z.enum(['LC-AAC', 'HE-AAC']).default('LC-AAC'),
  sampleRate: z.union([z.literal(32_000), z.literal(44_100), z.literal(48_000)]).default(48_000),
  bitrate: z.int().min(32).max(128).default(48),
  audioChannels: z.union([z.literal(1), z.literal(2)]).default(1),
  rtcStreamUids: z.array(uid).optional(),
});

const videoOptions = z
  .strictObject({
    canvas: z.strictObject({
      width: canvasSide,
      height: canvasSide,
      color: z.int().nonnegative().optional(),
    }),
    layoutType: z.union([z.literal(0), z.literal(1)]).default(0),
    layout: z.array(layoutEntry).optional(),
    vertical: z
      .strictObject({
        maxResolutionUid: uid.optional(),
        fillMode: z.enum(['fill', 'fit']).optional(),
        refreshIntervalSec: z.int().positive().optional(),
      })
      .optional(),
    defaultPlaceholderImageUrl: z.string().optional(),
    bitrate: z.int().min(1).max(10_000),
    frameRate: z.int().min(1).max(30).default(15),
    gop: z.int().positive().optional(),
    codec: z.enum(['H.264', 'H.265']).default('H.264'),
    codecProfile: z.enum(['high', 'main', 'baseline']).default('high'),
  })
  .refine((it) => it.layoutType === 1 || it.layout !== undefined, 'layout is required with layoutType 0')
  .refine((it) => it.codec === 'H.264', 'H.265 is not simulated');

const transcodeOptions = z.strictObject({
  rtcChannel: z.string().min(1).max(64),
  audioOptions: audioOptions.optional(),
  videoOptions: videoOptions.optional(),
});

const rtmpUrl = z
  .string()
  .max(1024)
  .regex(/^rtmps?:\/\/[^/]+\/.+/, 'must be an rtmp:// or rtmps:// address');

/** The body of Create, as documented; `idleTimeOut` is what the documentation's tables write. */
export const createRequest = z.strictObject({
  converter: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,64}$/)
        .optional(),
      transcodeOptions: transcodeOptions.optional(),
      rawOptions: z.strictObject({ rtcChannel: z.string().min(1).max(64), rtcStreamUid: uid }).optional(),
      rtmpUrl,
      idleTimeout: z.int().positive().optional(),
      idleTimeOut: z.int().positive().optional(),
      jitterBufferSizeMs: z.int().min(0).max(1000).default(1000),
    })
    .refine(
      (it) => (it.transcodeOptions === undefined) !== (it.rawOptions === undefined),
      'exactly one of transcodeOptions and rawOptions is required',
    ),
});

/** What of a converter may change: with Agora's own arrangement only the address, else also the layout. */
export const updateRequest = z.strictObject({
  converter: z.strictObject({
    rtmpUrl: rtmpUrl.optional(),
    transcodeOptions: z
      .strictObject({
        audioOptions: z.strictObject({ rtcStreamUids: z.array(uid).optional() }).optional(),
        videoOptions: z.strictObject({ layout: z.array(layoutEntry).optional() }).optional(),
      })
      .optional(),
  }),
  fields: z.string().optional(),
});

export type ConverterSpec = z.output<typeof createRequest>['converter'];
export type ConverterChanges = z.output<typeof updateRequest>['converter'];

/** Names the first fault, as Agora's 400 does. */
export function firstFault(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined
    ? 'invalid parameter'
    : `invalid parameter ${issue.path.join('.')}: ${issue.message}`;
}
