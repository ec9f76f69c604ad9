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

/** A moment of a file: seconds from its beginning, or, negative, from its end. */
export type Moment = number;

/** One frame as RGB: three bytes a pixel, row by row. */
export interface Picture {
  width: number;
  height: number;
  rgb: Buffer;
}

/** The picture that is shown at a moment. */
export async function pictureAt(file: string, at: Moment): Promise<Picture> {
  const frame = ['-frames:v', '1', '-f', 'image2pipe', '-c:v', 'ppm', '-pix_fmt', 'rgb24', '-'];
  const { stdout } = await run('ffmpeg', ['-loglevel', 'fatal', ...seek(at), '-i', file, ...frame], LIMITS);
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(stdout.subarray(0, 64).toString('latin1'));
  if (header === null) throw new Error(`${file} has no picture at ${at} s`);
  const [text, width, height] = header;
  return { width: Number(width), height: Number(height), rgb: stdout.subarray(text.length) };
}

/** How many pixels of the picture, or of a part of it, have about this colour: 16 steps a channel, for compression moves it. */
export function pixelsOf(
  picture: Picture,
  colour: string,
  part: { x: number; y: number; width: number; height: number } = { x: 0, y: 0, ...sizeOf(picture) },
): number {
  const wanted = [0, 2, 4].map((at) => Math.round(Number.parseInt(colour.slice(at, at + 2), 16) / 16));
  let count = 0;
  for (let y = part.y; y < part.y + part.height; y += 1) {
    for (let x = part.x; x < part.x + part.width; x += 1) {
      const at = (y * picture.width + x) * 3;
      if (wanted.every((value, channel) => Math.round((picture.rgb[at + channel] ?? 0) / 16) === value))
        count += 1;
    }
  }
  return count;
}

/** How strong a tone is within the half second after a moment, from 0 to about 1 (Goertzel's algorithm). */
export async function toneAt(file: string, hz: number, at: Moment): Promise<number> {
  const rate = 16_000;
  const sound = ['-vn', '-t', '0.5', '-ac', '1', '-ar', `${rate}`, '-f', 's16le', '-'];
  const { stdout } = await run('ffmpeg', ['-loglevel', 'fatal', ...seek(at), '-i', file, ...sound], LIMITS);
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

function seek(at: Moment): string[] {
  return at < 0 ? ['-sseof', String(at)] : ['-ss', String(at)];
}

function sizeOf({ width, height }: Picture): { width: number; height: number } {
  return { width, height };
}
