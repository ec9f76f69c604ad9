import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { debianFfmpegPath } from '../support/ffmpeg.ts';

const RATE = 8000;
const WINDOW_MS = 10;
/** Of full scale: half-way between the tone and silence. */
const LOUD = 0.1;

/**
 * When a tone that comes and goes begins in the audio of a file, in ms of presentation time. Decodes that track, by its
 * number among the audio tracks, with silence where there is none.
 */
export async function toneBeginnings(file: string, track: number): Promise<number[]> {
  const decode = [
    '-map',
    `0:a:${track}`,
    '-af',
    'aresample=async=1:first_pts=0',
    '-ac',
    '1',
    '-ar',
    String(RATE),
  ];
  const args = ['-nostdin', '-v', 'error', '-i', file, ...decode, '-f', 's16le', 'pipe:1'];
  const options = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
  const { stdout } = await promisify(execFile)(await debianFfmpegPath(), args, options);
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 2));
  const perWindow = (RATE * WINDOW_MS) / 1000;
  const beginnings: number[] = [];
  let wasLoud = false;
  for (let start = 0; start + perWindow <= samples.length; start += perWindow) {
    const window = samples.subarray(start, start + perWindow);
    const isLoud = Math.sqrt(window.reduce((sum, value) => sum + value ** 2, 0) / perWindow) / 0x8000 > LOUD;
    if (isLoud && !wasLoud) beginnings.push((start / perWindow) * WINDOW_MS);
    wasLoud = isLoud;
  }
  return beginnings;
}
