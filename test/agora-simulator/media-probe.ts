import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIMITS = { timeout: 60_000, maxBuffer: 256 * 1024 * 1024, encoding: 'buffer' } as const;

/** Every packet of a media file in order: "stream, dts, pts, duration, size, SHA-256 of the payload". */
export async function packetsOf(file: string): Promise<string[]> {
  const { stdout } = await run(
    'ffmpeg',
    ['-loglevel', 'fatal', '-i', file, '-map', '0', '-c', 'copy', '-f', 'framehash', '-'],
    LIMITS,
  );
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replaceAll(' ', ''));
}

/** One frame, near the end, as RGB. */
export async function lastPicture(file: string): Promise<{ colours: Map<string, number> }> {
  const { stdout } = await run(
    'ffmpeg',
    [
      '-loglevel',
      'fatal',
      '-sseof',
      '-0.5',
      '-i',
      file,
      '-frames:v',
      '1',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    ],
    LIMITS,
  );
  const colours = new Map<string, number>();
  for (let at = 0; at + 2 < stdout.length; at += 3) {
    // Sixteen steps a channel: compression moves a colour by a little.
    const colour = [0, 1, 2]
      .map((channel) => Math.round((stdout[at + channel] ?? 0) / 16).toString(16))
      .join('');
    colours.set(colour, (colours.get(colour) ?? 0) + 1);
  }
  return { colours };
}

/** How strong a tone is within the last half second of a file's sound, from 0 to about 1 (Goertzel's algorithm). */
export async function toneStrength(file: string, hz: number): Promise<number> {
  const rate = 16_000;
  const { stdout } = await run(
    'ffmpeg',
    [
      '-loglevel',
      'fatal',
      '-sseof',
      '-0.7',
      '-i',
      file,
      '-vn',
      '-t',
      '0.5',
      '-ac',
      '1',
      '-ar',
      `${rate}`,
      '-f',
      's16le',
      '-',
    ],
    LIMITS,
  );
  const samples = Math.floor(stdout.length / 2);
  const step = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let [last, beforeLast] = [0, 0];
  for (let index = 0; index < samples; index += 1) {
    const next = stdout.readInt16LE(index * 2) / 32_768 + step * last - beforeLast;
    [beforeLast, last] = [last, next];
  }
  const power = last * last + beforeLast * beforeLast - step * last * beforeLast;
  return (2 * Math.sqrt(Math.max(power, 0))) / Math.max(samples, 1);
}
