import { run } from '../../cluster/run-command.ts';
import { debianFfmpegPath } from '../ffmpeg.ts';

export interface ClipOptions {
  readonly seconds: number;
  /** WIDTHxHEIGHT in pixels; 320x180 unless told, which costs little to encode. */
  readonly size?: string;
  /** Frames per second; 15 unless told. */
  readonly fps?: number;
}

/** Encodes a test picture and a tone as H.264 and AAC into an FLV file, and returns its path. */
export async function makeClip(
  file: string,
  { seconds, size = '320x180', fps = 15 }: ClipOptions,
): Promise<string> {
  const inputs = [
    '-f',
    'lavfi',
    '-i',
    `testsrc=size=${size}:rate=${fps}`,
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440',
  ];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', String(fps)];
  const audio = ['-c:a', 'aac', '-b:a', '64k', '-ar', '48000'];
  await run(await debianFfmpegPath(), [
    ...['-nostdin', '-v', 'error', '-y'],
    ...inputs,
    ...['-t', String(seconds)],
    ...video,
    ...audio,
    ...['-f', 'flv', file],
  ]);
  return file;
}
