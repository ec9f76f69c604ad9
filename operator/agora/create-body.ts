import * as z from 'zod';
import { AgoraRejectedError } from './agora-error.ts';
import type { PushChanges, PushRequest } from './converter.ts';
import type { Tile } from './layout.ts';

/** Agora's own bounds, checked here so that a wrong parameter gets one clear answer at once. */
const bounds = z.object({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9, _ and -'),
  channel: z.string().min(1, 'must not be empty').max(64, 'must be at most 64 characters'),
  region: z.enum(['cn', 'ap', 'na', 'eu'], 'must be cn, ap, na or eu'),
  rtmpUrl: z
    .string()
    .regex(/^rtmps?:\/\/./i, 'must start with rtmp:// or rtmps://')
    .max(1024, 'must be at most 1024 characters'),
  width: whole(66, 1920, 'pixels'),
  height: whole(66, 1920, 'pixels'),
  fps: whole(1, 30, 'frames a second'),
  bitrateKbps: whole(1, 10_000, 'kbit/s'),
  idleTimeoutSeconds: whole(1, 86_400, 'seconds').optional(),
  audioBitrateKbps: whole(32, 128, 'kbit/s').optional(),
  rawStreamUid: whole(1, 4_294_967_295, 'a uid').optional(),
});

/** What Update's mask calls the layout. */
const LAYOUT_FIELD = 'transcodeOptions.videoOptions.layout';

/**
 * The body of Create: everyone in the channel, mixed, arranged by Agora ("vertical") or by the layout; or one host's
 * stream as it is.
 *
 * @throws AgoraRejectedError when Agora is known to refuse it; the message never repeats the RTMP address
 */
export function createBody(request: PushRequest): object {
  const checked = bounds.safeParse(request);
  if (!checked.success) {
    const faults = checked.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new AgoraRejectedError(`Agora would refuse the push: ${faults.join('; ')}`);
  }
  const { idleTimeoutSeconds } = checked.data;
  return {
    converter: {
      name: request.name,
      ...(request.rawStreamUid === undefined
        ? { transcodeOptions: transcodeOptions(request) }
        : { rawOptions: { rtcChannel: request.channel, rtcStreamUid: request.rawStreamUid } }),
      rtmpUrl: request.rtmpUrl,
      ...(idleTimeoutSeconds !== undefined && { idleTimeout: idleTimeoutSeconds }),
    },
  };
}

/** The body of Update, with the mask of what is in it. */
export function updateBody({ rtmpUrl, layout }: PushChanges): object {
  const fields = [
    ...(rtmpUrl === undefined ? [] : ['rtmpUrl']),
    ...(layout === undefined ? [] : [LAYOUT_FIELD]),
  ];
  return {
    converter: {
      ...(rtmpUrl !== undefined && { rtmpUrl }),
      ...(layout !== undefined && { transcodeOptions: { videoOptions: { layout: layout.map(entry) } } }),
    },
    fields: fields.join(','),
  };
}

function transcodeOptions(request: PushRequest): object {
  const { channel, width, height, fps, bitrateKbps, audioBitrateKbps, layout, audioOnly } = request;
  return {
    rtcChannel: channel,
    // Present though empty: without it Agora pushes video only.
    audioOptions: audioBitrateKbps === undefined ? {} : { bitrate: audioBitrateKbps },
    ...(audioOnly !== true && {
      videoOptions: {
        canvas: { width, height },
        ...(layout === undefined
          ? { layoutType: 1, vertical: {} }
          : { layoutType: 0, layout: layout.map(entry) }),
        bitrate: bitrateKbps,
        frameRate: fps,
      },
    }),
  };
}

/** Fitted in: a screen that somebody shares loses nothing at its edges. */
function entry({ uid, x, y, width, height }: Tile): object {
  return { rtcStreamUid: uid, region: { xPos: x, yPos: y, zIndex: 0, width, height }, fillMode: 'fit' };
}

function whole(least: number, most: number, unit: string) {
  return z
    .int(`must be a whole number of ${unit}`)
    .min(least, `must be ${range()}`)
    .max(most, `must be ${range()}`);

  function range(): string {
    return `${least} to ${most} ${unit}`;
  }
}
