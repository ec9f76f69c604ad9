import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { comparePackets, packetHashes } from '../../support/media/packets.ts';
import type { PacketHashes } from '../../support/media/packets.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { avDriftMs, packetTimes, publishedTimes } from './av-drift.ts';
import { startPushThatSlowsDown, timesFor } from './clip.ts';
import { usageOf } from './process-tree.ts';
import { median } from './statistics.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/** How often memory is looked at, in ms. */
const SAMPLE_MS = 250;

export interface PacedRun {
  readonly seconds: number;
  readonly availableSeconds: number;
  /** The most that all processes together held, in MB. */
  readonly rssPeakMb: number;
  /** The last tenth of the push against the first, medians, in MB. */
  readonly rssGrowthMb: number;
  readonly packetsLost: number;
  /** How far audio and video have moved against each other by the end. */
  readonly avDriftMs: number;
}

/**
 * So much of the end is pushed in real time, in s, as it is in a meeting: else the stop would find `speed` times as much
 * on its way, and an S3 server that has not written the last half minute's parts to its disk yet, which Linux does after
 * that long.
 */
export const REAL_TIME_SECONDS = 60;

/** What else happens to a recorder while it is pushed to, until the signal is aborted. */
export type Beside = (url: string, signal: AbortSignal) => Promise<void>;

/**
 * A recording of so many seconds of media, pushed `speed` times faster than real time but for its end. That keeps the
 * amount of media, parts and fragments of the long meeting.
 */
export async function pacedRecording(
  target: Target,
  world: World,
  push: { readonly seconds: number; readonly speed: number },
  beside: Beside = () => Promise.resolve(),
): Promise<PacedRun> {
  await using folder = await tempDirectory('bench');
  await using running = await target.start({ folder: folder.path, s3: world.s3, bucket: world.bucket });
  await using publisher = await startPushThatSlowsDown({
    ...push,
    realTimeSeconds: REAL_TIME_SECONDS,
    clip: world.clip,
    url: running.url,
  });
  const samples: number[] = [];
  const published = new AbortController();
  const { signal } = published;
  const all = Promise.all([sample(running.pid, samples, signal), beside(running.url, signal)]);
  const code = await publisher.exited;
  published.abort();
  await all;
  if (code !== 0) throw new Error(`the publisher ended with ${code}: ${publisher.output()}`);

  const watch = new AbortController();
  const ending = sample(running.pid, samples, watch.signal);
  const { file, availableSeconds } = await running.finish();
  watch.abort();
  await ending;
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const growth = median(samples.slice(-tenth)) - median(samples.slice(0, tenth));
  const times = timesFor(push.seconds);
  const { video, audio } = comparePackets(
    repeated(await packetHashes(world.clip), times),
    await packetHashes(file),
  );
  const driftMs = avDriftMs(await publishedTimes(world.clip, times), await packetTimes(file));
  await rm(file);
  return {
    seconds: push.seconds,
    availableSeconds,
    rssPeakMb: Math.max(...samples) / 1e6,
    rssGrowthMb: growth / 1e6,
    packetsLost: video.missing + audio.missing,
    avDriftMs: driftMs,
  };
}

async function sample(pid: number, samples: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { rssBytes, processes } = await usageOf(pid);
    if (processes > 0) samples.push(rssBytes);
    await sleep(SAMPLE_MS);
  }
}

function repeated({ video, audio }: PacketHashes, times: number): PacketHashes {
  const repeat = (hashes: readonly string[]): string[] => Array.from({ length: times }, () => hashes).flat();
  return { video: repeat(video), audio: repeat(audio) };
}
