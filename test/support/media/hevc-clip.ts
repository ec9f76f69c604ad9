import { run } from '../../cluster/run-command.ts';
import { debianFfmpegPath, ffmpegPath } from '../ffmpeg.ts';

export interface HevcClip {
  readonly mp4: string;
  /** The same packets in enhanced FLV, as enhanced RTMP carries them: only an FFmpeg later than Debian's writes it. */
  readonly flv: string;
}

/** Encodes a test picture as HEVC with B-frames, and a tone as AAC. `path` is without an extension. */
export async function makeHevcClip(path: string, seconds: number): Promise<HevcClip> {
  const [mp4, flv] = [`${path}.mp4`, `${path}.flv`];
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=15'];
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440'];
  const encode = [
    ...['-c:v', 'libx265', '-x265-params', 'log-level=none:bframes=2', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', '-g', '15', '-tag:v', 'hvc1', '-c:a', 'aac', '-ar', '48000'],
  ];
  const length = ['-t', String(seconds)];
  await run(await debianFfmpegPath(), [
    ...['-nostdin', '-v', 'error', '-y'],
    ...[...picture, ...tone, ...length, ...encode, mp4],
  ]);
  const remux = ['-nostdin', '-v', 'error', '-y', '-i', mp4, '-c', 'copy', '-f', 'flv', flv];
  await run(await ffmpegPath(), remux);
  return { mp4, flv };
}
