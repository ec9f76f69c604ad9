import { MOST_SLOTS, type Participant } from '../channels.ts';
import type { ConverterSpec } from '../rest/schemas.ts';

export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One participant's share of picture and sound at one moment. */
export interface SlotScene {
  name: string;
  /** Absent where the participant is not shown. */
  region?: Region;
  audible: boolean;
}

/** By slot; undefined where nobody has the slot. */
export type Scene = readonly (SlotScene | undefined)[];

/** Picture and sound of a push, with every default filled in. */
export interface MediaSpec {
  width: number;
  height: number;
  fps: number;
  gop: number;
  videoKbps: number;
  h264Profile: 'high' | 'main' | 'baseline';
  /** False: no picture was asked for, only sound. */
  hasVideo: boolean;
  /** Undefined: no sound was asked for. */
  audio: { sampleRate: number; channels: number; kbps: number } | undefined;
}

const RAW_MEDIA: MediaSpec = {
  width: 640,
  height: 360,
  fps: 15,
  gop: 30,
  videoKbps: 500,
  h264Profile: 'baseline',
  hasVideo: true,
  audio: { sampleRate: 48_000, channels: 1, kbps: 48 },
};

/** What a converter is to send. A raw one sends what its host sends, which here is 360p. */
export function mediaOf(spec: ConverterSpec): MediaSpec {
  const options = spec.transcodeOptions;
  if (options === undefined) return RAW_MEDIA;
  const { videoOptions: video, audioOptions: audio } = options;
  const fps = video?.frameRate ?? RAW_MEDIA.fps;
  return {
    // H.264 in 4:2:0 has even sides only.
    width: even(video?.canvas.width ?? RAW_MEDIA.width),
    height: even(video?.canvas.height ?? RAW_MEDIA.height),
    fps,
    gop: video?.gop ?? 2 * fps,
    videoKbps: video?.bitrate ?? RAW_MEDIA.videoKbps,
    h264Profile: video?.codecProfile ?? 'high',
    // With neither of the two, there is a picture alone.
    hasVideo: video !== undefined || audio === undefined,
    audio:
      audio === undefined && video === undefined
        ? undefined
        : {
            sampleRate: audio?.sampleRate ?? 48_000,
            channels: audio?.audioChannels ?? 1,
            kbps: audio?.bitrate ?? 48,
          },
  };
}

/** Who is seen where, and heard, with these people in the channel. */
export function sceneOf(spec: ConverterSpec, participants: readonly Participant[]): Scene {
  const media = mediaOf(spec);
  const shown = participants.filter((it) => it.slot < MOST_SLOTS);
  const heard = spec.transcodeOptions?.audioOptions?.rtcStreamUids;
  const only = spec.rawOptions?.rtcStreamUid;
  const layout = spec.transcodeOptions?.videoOptions?.layout;
  const scene: (SlotScene | undefined)[] = [];
  shown.forEach((participant, index) => {
    const { uid, name, slot } = participant;
    if (only !== undefined && only !== uid) return;
    const given = layout?.find((entry) => entry.rtcStreamUid === uid)?.region;
    let region: Region | undefined;
    if (only !== undefined) region = grid(0, 1, media);
    else if (layout === undefined) region = grid(index, shown.length, media);
    else if (given !== undefined)
      region = { x: given.xPos, y: given.yPos, width: given.width, height: given.height };
    const audible = only !== undefined || heard === undefined || heard.includes(uid);
    scene[slot] = { name, audible, ...(region !== undefined && { region }) };
  });
  return Array.from(scene, (it) => it);
}

function grid(index: number, count: number, media: MediaSpec): Region {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const width = Math.floor(media.width / columns);
  const height = Math.floor(media.height / rows);
  return { x: (index % columns) * width, y: Math.floor(index / columns) * height, width, height };
}

function even(pixels: number): number {
  return pixels - (pixels % 2);
}
