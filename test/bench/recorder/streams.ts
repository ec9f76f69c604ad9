import { cpus } from 'node:os';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempDirectory } from '../../support/temp-directory.ts';
import { startPush } from './clip.ts';
import { usageOf } from './process-tree.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/** Media that may be on its way, in s, until a recording counts as late. */
const LATE_SECONDS = 2;
const WARM_UP_SECONDS = 8;
const MEASURED_SECONDS = 12;

export interface StreamsRun {
  readonly streams: number;
  /** Share of one core that a recorder takes. */
  readonly cpuShareEach: number;
  /** What the whole machine did, of all its cores: publishers, S3 and everything else included. */
  readonly machineBusy: number;
  /** The most that a recording was behind the clock, in s. */
  readonly behindSeconds: number;
  readonly late: boolean;
}

/** So many recordings at a time, each pushed in real time. */
export async function manyAtATime(target: Target, world: World, streams: number): Promise<StreamsRun> {
  await using folder = await tempDirectory('bench');
  await using resources = new AsyncDisposableStack();
  const running = await Promise.all(
    Array.from({ length: streams }, async (_, index) => {
      const own = join(folder.path, String(index));
      await mkdir(own);
      const recorder = resources.use(await target.start({ folder: own, s3: world.s3, bucket: world.bucket }));
      const { clip } = world;
      resources.use(await startPush({ clip, url: recorder.url, seconds: 60, speed: 1 }));
      return { recorder, began: performance.now() };
    }),
  );
  await sleep(WARM_UP_SECONDS * 1000);
  const before = await Promise.all(running.map(({ recorder }) => usageOf(recorder.pid)));
  const [idleBefore, totalBefore] = machineTicks();
  const measured = performance.now();
  await sleep(MEASURED_SECONDS * 1000);
  const after = await Promise.all(running.map(({ recorder }) => usageOf(recorder.pid)));
  const [idleAfter, totalAfter] = machineTicks();
  const elapsed = (performance.now() - measured) / 1000;
  const behind = await Promise.all(
    running.map(async ({ recorder, began }) => {
      const received = await recorder.receivedSeconds?.();
      return (performance.now() - began) / 1000 - (received ?? NaN);
    }),
  );
  const used = after.reduce(
    (sum, usage, index) => sum + usage.cpuSeconds - (before[index]?.cpuSeconds ?? 0),
    0,
  );
  const behindSeconds = Math.max(...behind);
  return {
    streams,
    cpuShareEach: used / elapsed / streams,
    machineBusy: 1 - (idleAfter - idleBefore) / (totalAfter - totalBefore),
    behindSeconds,
    late: !(behindSeconds <= LATE_SECONDS),
  };
}

function machineTicks(): [idle: number, total: number] {
  const times = cpus().map((cpu) => cpu.times);
  const total = times.reduce(
    (sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq,
    0,
  );
  return [times.reduce((sum, { idle }) => sum + idle, 0), total];
}
