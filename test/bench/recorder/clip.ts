import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { cacheDirectory } from '../../cluster/toolchain/cache-directory.ts';
import { step } from '../../cluster/progress.ts';
import { startChild } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import { debianFfmpegPath } from '../../support/ffmpeg.ts';
import { makeClip } from '../../support/media/clip.ts';
import { paced } from './pace.ts';

/** Media in the clip, in s; longer pushes repeat it. */
export const CLIP_SECONDS = 60;

/** 720p30 at 2.1 Mbit/s and AAC: what Agora would push. Encoded once a machine. */
export async function benchClip(): Promise<string> {
  const folder = join(cacheDirectory(), 'clips');
  const path = join(folder, 'bench-720p30-60s.flv');
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.flv`;
  await step('the clip is encoded', () =>
    makeClip(unfinished, { seconds: CLIP_SECONDS, size: '1280x720', fps: 30, bitrateKbps: 2100 }),
  );
  await rename(unfinished, path);
  return path;
}

export interface Push {
  readonly clip: string;
  readonly url: string;
  /** Media to push, in s. */
  readonly seconds: number;
  /** Times real time. */
  readonly speed: number;
}

/** Starts a publisher that repeats the clip for so long. */
export function startPush({ url, ...push }: Push): Promise<Child> {
  return startPushes({ ...push, urls: [url] });
}

/**
 * Starts a publisher that repeats the clip for so long, faster than real time but for the last so many seconds: no
 * meeting ends with a backlog of what was pushed too fast.
 */
export async function startPushThatSlowsDown(
  push: Push & { readonly realTimeSeconds: number },
): Promise<Child> {
  const { clip, url, seconds, speed, realTimeSeconds } = push;
  const ffmpeg = await debianFfmpegPath();
  const times = timesFor(seconds);
  const bytes = (await stat(clip)).size * times;
  const source = spawn(ffmpeg, ['-nostdin', '-v', 'error', ...pushedAs(clip, times), '-'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pace = { bytes, seconds: times * CLIP_SECONDS, speed, realTimeSeconds };
  return await startChild({
    name: 'publisher',
    command: ffmpeg,
    args: ['-v', 'warning', '-f', 'flv', '-i', 'pipe:0', ...COPIED, url],
    input: Readable.from(paced(source.stdout, pace), { objectMode: false }),
  });
}

/** One publisher for several servers, to which it pushes the same at a time. */
export async function startPushes(
  options: Omit<Push, 'url'> & { readonly urls: readonly string[] },
): Promise<Child> {
  const { clip, urls, seconds, speed } = options;
  const [first = '', ...others] = urls;
  return await startChild({
    name: 'publisher',
    command: await debianFfmpegPath(),
    args: [
      ...['-nostdin', '-v', 'warning', '-readrate', String(speed)],
      ...[...pushedAs(clip, timesFor(seconds)), first],
      ...others.flatMap((url) => [...COPIED, url]),
    ],
  });
}

const COPIED = ['-c', 'copy', '-f', 'flv'];

/** FFmpeg's options for the clip so many times in a row, but for the output. */
export function pushedAs(clip: string, times: number): string[] {
  return ['-stream_loop', String(times - 1), '-i', clip, ...COPIED];
}

/** How often the clip is repeated for this much media, in s. */
export function timesFor(seconds: number): number {
  return Math.ceil(seconds / CLIP_SECONDS);
}
