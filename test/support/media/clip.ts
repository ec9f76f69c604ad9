import { run } from '../../cluster/run-command.ts';
import { debianFfmpegPath } from '../ffmpeg.ts';

export interface ClipOptions {
  readonly seconds: number;
  /** WIDTHxHEIGHT in pixels; 320x180 unless told, which costs little to encode. */
  readonly size?: string;
  /** Frames per second; 15 unless told. */
  readonly fps?: number;
  /** Both unless told. */
  readonly tracks?: 'both' | 'audio' | 'video';
  /** B-frames in a row, whose order in the file is not the order in which they are shown; none unless told. */
  readonly bFrames?: number;
  /** kbit/s of video, filled up where the picture needs less: for large files that cost little to encode. */
  readonly bitrateKbps?: number;
  /** The sound begins so many seconds after the picture. Default: 0 */
  readonly audioDelaySeconds?: number;
}

/** Encodes a test picture and a tone as H.264 and AAC into an FLV file, and returns its path. */
export async function makeClip(file: string, options: ClipOptions): Promise<string> {
  const { seconds, size = '320x180', fps = 15, tracks = 'both', audioDelaySeconds = 0 } = options;
  const picture = ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=${fps}`];
  const tone = ['-itsoffset', String(audioDelaySeconds), '-f', 'lavfi', '-i', 'sine=frequency=440'];
  const audio = ['-c:a', 'aac', '-b:a', '64k', '-ar', '48000'];
  await run(await debianFfmpegPath(), [
    ...['-nostdin', '-v', 'error', '-y'],
    ...(tracks === 'audio' ? [] : picture),
    ...(tracks === 'video' ? [] : tone),
    ...['-t', String(seconds)],
    ...(tracks === 'audio' ? [] : videoOptions(options)),
    ...(tracks === 'video' ? [] : audio),
    ...['-f', 'flv', file],
  ]);
  return file;
}

function videoOptions({ fps = 15, bFrames = 0, bitrateKbps }: ClipOptions): string[] {
  const rate = `${bitrateKbps ?? 0}k`;
  const filled = [
    '-b:v',
    rate,
    '-minrate',
    rate,
    '-maxrate',
    rate,
    '-bufsize',
    rate,
    '-x264-params',
    'nal-hrd=cbr',
  ];
  return [
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', String(fps)],
    ...['-bf', String(bFrames)],
    ...(bitrateKbps === undefined ? [] : filled),
  ];
}
