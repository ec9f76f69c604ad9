import type { CodecName } from '../contract/codecs.ts';
import type { TrackConfig } from '../media/track.ts';

/** FFmpeg's output options. The same input makes the same bytes each time. */
export type Recipe = readonly string[];

export interface EncodingOptions {
  /** WIDTHxHEIGHT in pixels: the picture is fitted into it, and bars fill up what is left. */
  readonly resolution: string;
  readonly fps: number;
  /** kbit/s of video. */
  readonly bitrateKbps: number;
}

/** Nothing of when and with what it was made is in the file, so that it is the same when it is made again. */
const REPRODUCIBLE = ['-map_metadata', '-1', '-fflags', '+bitexact'];
const AUDIO_BITRATE = '96k';
/** Of AAC, for each channel. */
const AAC_BITRATE_KBPS = 64;
/** Codecs that FLV has with one channel alone, whatever the byte in front of them says. */
const MONO: ReadonlySet<CodecName> = new Set(['speex', 'nellymoser']);
/** Seconds between key frames of what is encoded: how exactly a player can seek. */
const KEY_FRAME_SECONDS = 4;

const EVERY_TRACK = ['-map', '0:v?', '-map', '0:a?'];
/** Also what comes before the first key frame: a player skips it, but it was published. */
const COPIED = [...EVERY_TRACK, '-c', 'copy', '-copyinkf', '-copypriorss', '1'];

/**
 * How a take is read that is encoded: pictures of a size that its memory is enough for, decoded by one thread. Each further
 * one would keep as many pictures, and by default there is one for each core of the node.
 */
export const READ_FOR_ENCODING = ['-f', 'mov', '-threads', '1', '-max_pixels', String(4096 * 2304)];

/**
 * VP9 and Opus in WebM, encoded in real time. Two threads share the rows of two tiles, and make the same bytes each time,
 * however many cores there are. Another number of threads makes others.
 */
export function webm({ resolution, fps, bitrateKbps }: EncodingOptions): Recipe {
  const [width = '1280', height = '720'] = resolution.split('x');
  const picture = [
    `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2`,
    `pad=${width}:${height}:-1:-1`,
    'setsar=1',
    `fps=${fps}`,
    'format=yuv420p',
  ];
  // What is missing, where the publisher was gone, is filled with silence: else the sound would come too early.
  const sound = 'aresample=48000:async=1:first_pts=0';
  return [
    ...EVERY_TRACK,
    ...['-vf', picture.join(','), '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'],
    ...['-threads', '2', '-row-mt', '1', '-tile-columns', '1', '-filter_threads', '1'],
    ...['-lag-in-frames', '0', '-b:v', `${bitrateKbps}k`],
    ...['-maxrate', `${bitrateKbps * 2}k`, '-bufsize', `${bitrateKbps * 2}k`],
    ...['-g', String(fps * KEY_FRAME_SECONDS), '-flags:v', '+bitexact'],
    ...['-af', sound, '-c:a', 'libopus', '-ac', '2', '-b:a', AUDIO_BITRATE, '-flags:a', '+bitexact'],
    ...REPRODUCIBLE,
    ...['-f', 'webm'],
  ];
}

/** Makes an ordinary MP4 with its index in front of whatever MP4 could be saved of a recording. */
export const indexedMp4: Recipe = [...COPIED, ...REPRODUCIBLE, '-movflags', '+faststart', '-f', 'mp4'];

/** The same for WebM. */
export const indexedWebm: Recipe = [...COPIED, ...REPRODUCIBLE, '-f', 'webm'];

/** One WebM of what was encoded already, from these inputs; undefined where there is no such track. */
export function joinedWebm(inputs: {
  readonly video: number | undefined;
  readonly audio: number | undefined;
}): Recipe {
  const { video, audio } = inputs;
  return [
    ...(video === undefined ? [] : ['-map', `${video}:v:0`]),
    ...(audio === undefined ? [] : ['-map', `${audio}:a:0`]),
    ...['-c', 'copy'],
    ...REPRODUCIBLE,
    ...['-f', 'webm'],
  ];
}

/** How FFmpeg is started to make AAC of a track of FLV, from a stream and into one. */
export function aacEncoding(config: TrackConfig): {
  readonly inputOptions: readonly string[];
  readonly outputOptions: readonly string[];
} {
  const channels = isStereo(config) ? 2 : 1;
  return {
    // Its first packet says all that there is to know, and while it looks at more nothing comes out.
    inputOptions: ['-probesize', '32', '-analyzeduration', '0', '-copyts', '-f', 'flv'],
    outputOptions: [
      ...['-map', '0:a:0', '-af', 'aresample=48000:async=1', '-ac', String(channels)],
      ...['-c:a', 'aac', '-b:a', `${channels * AAC_BITRATE_KBPS}k`, '-threads', '1', '-flags:a', '+bitexact'],
      ...REPRODUCIBLE,
      // Each packet as soon as there is one, and no end to go back to the beginning from.
      ...['-flush_packets', '1', '-flvflags', '+no_duration_filesize', '-f', 'flv'],
    ],
  };
}

/** Whether a track of one of FLV's older codecs has two channels. */
export function isStereo({ codec, record }: TrackConfig): boolean {
  return !MONO.has(codec) && ((record[0] ?? 0) & 1) === 1;
}
