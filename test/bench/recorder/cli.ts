import { say, step } from '../../cluster/progress.ts';
import { writeReport } from '../../report/report.ts';
import { figuresOf } from './figures.ts';
import type { Measured } from './figures.ts';
import { timeToListen } from './listen.ts';
import { benchOptions, USAGE } from './options.ts';
import type { BenchOptions } from './options.ts';
import { pacedRecording } from './paced.ts';
import { ffmpegListen } from './peers/ffmpeg-listen.ts';
import { meetrec } from './peers/meetrec.ts';
import { naive } from './peers/naive.ts';
import { nginxRtmp } from './peers/nginx-rtmp.ts';
import { compareInRealTime } from './steady.ts';
import { manyAtATime } from './streams.ts';
import type { StreamsRun } from './streams.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

async function bench(options: BenchOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  await using world = await openWorld();
  const measured = await measure(options, world);
  const figures = figuresOf(measured);
  for (const [name, value] of Object.entries(figures)) say(`  ${name.padEnd(24)} ${value}`);
  const method = {
    speedOfPacedPushes: options.speed,
    note: 'All targets of a steady run record at the same time. The long recording is pushed faster than real time.',
  };
  const report = await writeReport('bench-recorder', {
    startedAt,
    figures,
    details: { options: { ...options, parts: [...options.parts] }, method, ...measured },
  });
  say(`${report} has every run.`);
}

async function measure(options: BenchOptions, world: World): Promise<Measured> {
  const { parts, steady, speed } = options;
  const ours = meetrec(world.program);
  const times = (runs: number): number[] => Array.from({ length: runs }, (_, index) => index + 1);
  const listenMs: number[] = [];
  for (const _start of times(parts.has('listen') ? options.starts : 0))
    listenMs.push(await timeToListen(world));

  const steadyRuns = [];
  for (const run of times(parts.has('steady') ? options.runs : 0)) {
    const targets = [ours, ffmpegListen, nginxRtmp, naive];
    steadyRuns.push(await step(`real time, run ${run}`, () => compareInRealTime(targets, world, steady)));
  }
  const paced = async (what: 'short' | 'long') => {
    const { seconds, runs } = options[what];
    const done = [];
    for (const run of times(parts.has('long') ? runs : 0)) {
      done.push(
        await step(`${seconds} s of media, run ${run}`, () =>
          pacedRecording(ours, world, { seconds, speed }),
        ),
      );
    }
    return done;
  };
  return {
    listenMs,
    steady: steadyRuns,
    short: await paced('short'),
    long: await paced('long'),
    streams: parts.has('streams') ? await rampUp(options, world) : [],
  };
}

async function rampUp(options: BenchOptions, world: World): Promise<StreamsRun[]> {
  const runs: StreamsRun[] = [];
  for (let streams = Math.min(8, options.streams); streams <= options.streams; streams *= 2) {
    const run = await step(`${streams} recordings at a time`, () =>
      manyAtATime(meetrec(world.program), world, streams),
    );
    runs.push(run);
    if (run.late) break;
  }
  return runs;
}

try {
  const options = benchOptions(process.argv.slice(2));
  if (options.help) say(USAGE);
  else await bench(options);
} catch (error) {
  say(`The measurement failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
