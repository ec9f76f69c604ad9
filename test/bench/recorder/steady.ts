import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { comparePackets, packetHashes } from '../../support/media/packets.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { World } from './world.ts';
import { CLIP_SECONDS, startPush } from './clip.ts';
import { usageOf } from './process-tree.ts';
import type { Target } from './target.ts';

export interface SteadyRun {
  readonly target: string;
  /** Share of one core in the window, all its processes. */
  readonly cpuShare: number;
  /** CPU seconds beyond that share, from the program's start to the window's. */
  readonly startCpuSeconds: number;
  /** Of all its processes at the window's end. */
  readonly rssMb: number;
  readonly packetsLost: number;
  readonly availableSeconds: number;
}

/**
 * All targets at once, each with a publisher of its own that pushes the clip in real time: what else the machine does
 * is then the same for all of them. They take a few per cent of a core together, so that they don't wait for it.
 */
export async function compareInRealTime(
  targets: readonly Target[],
  world: World,
  window: { readonly from: number; readonly to: number },
): Promise<SteadyRun[]> {
  return await Promise.all(targets.map((target) => oneRun(target, world, window)));
}

async function oneRun(
  target: Target,
  world: World,
  window: { readonly from: number; readonly to: number },
): Promise<SteadyRun> {
  await using folder = await tempDirectory('bench');
  const own = join(folder.path, target.name);
  await mkdir(own);
  await using running = await target.start({ folder: own, s3: world.s3, bucket: world.bucket });
  await using publisher = await startPush({
    clip: world.clip,
    url: running.url,
    seconds: CLIP_SECONDS,
    speed: 1,
  });
  const began = performance.now();
  await sleep(window.from * 1000);
  const before = await usageOf(running.pid);
  const windowBegan = performance.now();
  await sleep(began + window.to * 1000 - performance.now());
  const after = await usageOf(running.pid);
  const cpuShare = (after.cpuSeconds - before.cpuSeconds) / ((performance.now() - windowBegan) / 1000);
  const whole = window.to >= CLIP_SECONDS - 1;
  if (whole) await publisher.exited;
  else await publisher.stop();
  const { file, availableSeconds } = await running.finish();
  const { video, audio } = comparePackets(await packetHashes(world.clip), await packetHashes(file));
  // A publisher that was ended early has sent less than the clip: only holes count then.
  const lost = whole
    ? video.missing + audio.missing
    : holes(video, video.published) + holes(audio, audio.published);
  return {
    target: target.name,
    cpuShare,
    startCpuSeconds: before.cpuSeconds - cpuShare * window.from,
    rssMb: after.rssBytes / 1e6,
    packetsLost: lost,
    availableSeconds,
  };
}

/** Packets missing before the last one that came. */
function holes(
  track: { readonly recorded: number; readonly firstMissing: number | undefined },
  published: number,
): number {
  return track.recorded - Math.min(track.firstMissing ?? published, track.recorded);
}
