import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { debianFfmpegPath } from '../../support/ffmpeg.ts';
import { pushedAs } from './clip.ts';

/** When the packets of a file are decoded, in ms, each track in the order of the file. */
export interface PacketTimes {
  readonly video: readonly number[];
  readonly audio: readonly number[];
}

/** Players hide what the first packets of a track are off by; they are not what drift is measured from. */
const SETTLED_PACKETS = 10;

/**
 * How far audio and video have moved against each other from the beginning of a recording to its end, in ms, compared
 * with how they were published. NaN where packets are missing, so that it is not clear which belong together.
 */
export function avDriftMs(published: PacketTimes, recorded: PacketTimes): number {
  const moved = (['video', 'audio'] as const).map((track) => {
    const [before, after] = [published[track], recorded[track]];
    if (before.length !== after.length || before.length <= SETTLED_PACKETS) return NaN;
    const offset = (index: number): number => (after.at(index) ?? NaN) - (before.at(index) ?? NaN);
    return offset(-1) - offset(SETTLED_PACKETS);
  });
  return Math.abs((moved[0] ?? NaN) - (moved[1] ?? NaN));
}

/** The times in a media file. Throws when ffprobe can't read it to its end. */
export function packetTimes(file: string): Promise<PacketTimes> {
  return readTimes(file);
}

/** The times that a publisher gives the packets of the clip when it repeats it. */
export async function publishedTimes(clip: string, repeats: number): Promise<PacketTimes> {
  const publisher = spawn(
    await debianFfmpegPath(),
    ['-nostdin', '-v', 'error', ...pushedAs(clip, repeats), '-'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return await readTimes('-', publisher.stdout);
}

async function readTimes(file: string, input?: Readable): Promise<PacketTimes> {
  const args = ['-v', 'error', '-show_entries', 'packet=codec_type,dts_time', '-of', 'csv=p=0'];
  const child = spawn('ffprobe', [...args, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  if (input === undefined) child.stdin.end();
  else input.pipe(child.stdin);
  const times = { video: [] as number[], audio: [] as number[] };
  for await (const line of createInterface({ input: child.stdout })) {
    const [type, seconds] = line.split(',');
    if (type === 'video' || type === 'audio') times[type].push(Number(seconds) * 1000);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffprobe can't read the times of ${file} (${code})`);
  return times;
}
