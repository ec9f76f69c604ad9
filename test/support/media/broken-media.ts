import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../cluster/run-command.ts';
import { ffmpegPath } from '../ffmpeg.ts';

const SEGMENT = Buffer.from('18538067', 'hex');
const UNKNOWN_SIZE = Buffer.from('01ffffffffffffff', 'hex');
const CLUSTER = Buffer.from('1f43b675', 'hex');

/** A clip as a fragmented MP4, to be cut off anywhere. */
export async function fragmentedMp4(clip: string, directory: string): Promise<Buffer> {
  const file = join(directory, 'fragmented.mp4');
  const fragments = ['-c', 'copy', '-movflags', '+frag_keyframe+empty_moov'];
  await run(await ffmpegPath(), ['-v', 'error', '-y', '-i', clip, ...fragments, file]);
  return await readFile(file);
}

/** As the recorder's FFmpeg has written it so far: its segment has no size yet, and its end is missing. */
export async function brokenWebm(
  clip: string,
  directory: string,
): Promise<{ readonly bytes: Buffer; readonly published: string }> {
  const published = join(directory, 'published.webm');
  const encode = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-vf', 'scale=160:90', '-c:a', 'libopus'];
  await run(await ffmpegPath(), ['-v', 'error', '-y', '-i', clip, ...encode, published]);
  const whole = await readFile(published);
  whole.set(UNKNOWN_SIZE, whole.indexOf(SEGMENT) + SEGMENT.length);
  return { bytes: whole.subarray(0, Math.floor(whole.length * 0.8)), published };
}

/** The beginning of a fragmented MP4 that breaks off, up to the end of its last whole fragment. */
export function wholeFragments(bytes: Buffer): Buffer {
  let whole = 0;
  for (let offset = 0; offset + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    if (size < 8 || offset + size > bytes.length) break;
    offset += size;
    if (type === 'mdat' || type === 'moov') whole = offset;
  }
  return bytes.subarray(0, whole);
}

/** The beginning of a WebM that breaks off, up to the end of its last whole cluster. */
export function wholeClusters(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(CLUSTER));
}
