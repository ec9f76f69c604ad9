import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { step } from '../../cluster/progress.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { startPushes } from './clip.ts';
import { usageOf } from './process-tree.ts';
import type { RunningTarget, Target } from './target.ts';
import type { World } from './world.ts';

/** How far a recording may fall behind its own best, in s, and how long its status may take, until it is late. */
const LATE_SECONDS = 1;
/** So many are added at a time; each group of a few has one publisher, so that publishers take little of the machine. */
const STEP = 16;
const GROUP = 8;
/** After the last of a step has its publisher, in s: the first parts are uploaded, and the code is warm. */
const WARM_UP_SECONDS = 8;
const MEASURED_SECONDS = 12;
const LOOK_SECONDS = 3;
/** Media in s, more than the whole ramp takes. */
const PUSH_SECONDS = 3600;
/** Below this, in bytes, the machine would begin to swap and kill. */
const MIN_AVAILABLE_BYTES = 1.5e9;

export interface StreamsRun {
  readonly streams: number;
  /** Share of one core that a recorder takes. */
  readonly cpuShareEach: number;
  /** What the whole machine did, of all its cores: publishers, S3 and everything else included. */
  readonly machineBusy: number;
  /** The most that a recording fell behind what it had been at its best, in s. */
  readonly behindSeconds: number;
  /** The longest that a recorder took to answer what it does, in s. */
  readonly answerSeconds: number;
  readonly memoryAvailableMb: number;
  readonly late: boolean;
}

interface Stream {
  readonly recorder: RunningTarget;
  /** The least that the clock was ahead of the media, in s. */
  best: number;
}

/**
 * More and more recordings at a time, each pushed in real time, until one is late, `most` are running or the memory is
 * used up. Publishers and the S3 server share the machine with them.
 */
export async function rampUp(target: Target, world: World, most: number): Promise<StreamsRun[]> {
  await using folder = await tempDirectory('bench');
  await using resources = new AsyncDisposableStack();
  const streams: Stream[] = [];
  const runs: StreamsRun[] = [];
  while (streams.length < most) {
    const wanted = Math.min(STEP, most - streams.length);
    const run = await step(`${streams.length + wanted} recordings at a time`, async () => {
      for (let added = 0; added < wanted; added += GROUP) {
        const group = Math.min(GROUP, wanted - added);
        const path = join(folder.path, String(streams.length));
        streams.push(...(await startGroup(target, world, { path, size: group, resources })));
      }
      await sleep(WARM_UP_SECONDS * 1000);
      return await measure(streams);
    });
    runs.push(run);
    if (run.late || run.memoryAvailableMb * 1e6 < MIN_AVAILABLE_BYTES) break;
  }
  return runs;
}

async function startGroup(
  target: Target,
  { s3, bucket, clip }: World,
  options: { readonly path: string; readonly size: number; readonly resources: AsyncDisposableStack },
): Promise<Stream[]> {
  const { path, size, resources } = options;
  const started: Stream[] = [];
  await mkdir(path);
  for (let index = 0; index < size; index += 1) {
    const folder = join(path, String(index));
    await mkdir(folder);
    const recorder = resources.use(await target.start({ folder, s3, bucket }));
    started.push({ recorder, best: Number.POSITIVE_INFINITY });
  }
  const urls = started.map(({ recorder }) => recorder.url);
  resources.use(await startPushes({ clip, urls, seconds: PUSH_SECONDS, speed: 1 }));
  return started;
}

async function measure(streams: readonly Stream[]): Promise<StreamsRun> {
  const usage = async (): Promise<number> => {
    const all = await Promise.all(streams.map(({ recorder }) => usageOf(recorder.pid)));
    return all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  };
  await look(streams);
  const [began, before, [idleBefore, totalBefore]] = [performance.now(), await usage(), machineTicks()];
  let [behindSeconds, answerSeconds] = [0, 0];
  for (let seconds = 0; seconds < MEASURED_SECONDS; seconds += LOOK_SECONDS) {
    await sleep(LOOK_SECONDS * 1000);
    const seen = await look(streams);
    behindSeconds = Math.max(behindSeconds, seen.behindSeconds);
    answerSeconds = Math.max(answerSeconds, seen.answerSeconds);
  }
  const [idleAfter, totalAfter] = machineTicks();
  const used = (await usage()) - before;
  return {
    streams: streams.length,
    cpuShareEach: used / ((performance.now() - began) / 1000) / streams.length,
    machineBusy: 1 - (idleAfter - idleBefore) / (totalAfter - totalBefore),
    behindSeconds,
    answerSeconds,
    memoryAvailableMb: await memoryAvailableMb(),
    late: behindSeconds > LATE_SECONDS || answerSeconds > LATE_SECONDS,
  };
}

/** Asks one after the other: all at once would be a crowd that no controller makes. */
async function look(streams: readonly Stream[]): Promise<{ behindSeconds: number; answerSeconds: number }> {
  const seen = { behindSeconds: 0, answerSeconds: 0 };
  for (const stream of streams) {
    const asked = performance.now();
    const received = (await stream.recorder.receivedSeconds?.()) ?? 0;
    const answered = performance.now();
    const ahead = answered / 1000 - received;
    stream.best = Math.min(stream.best, ahead);
    seen.behindSeconds = Math.max(seen.behindSeconds, ahead - stream.best);
    seen.answerSeconds = Math.max(seen.answerSeconds, (answered - asked) / 1000);
  }
  return seen;
}

async function memoryAvailableMb(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  return (Number(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024) / 1e6;
}

function machineTicks(): [idle: number, total: number] {
  const times = cpus().map((cpu) => cpu.times);
  const total = times.reduce(
    (sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq,
    0,
  );
  return [times.reduce((sum, { idle }) => sum + idle, 0), total];
}
