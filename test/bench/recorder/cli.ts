import { say, step } from '../../cluster/progress.ts';
import { writeReport } from '../../report/report.ts';
import { goalOf } from '../goals.ts';
import { besiege } from './crowd.ts';
import { figuresOf } from './figures.ts';
import type { Measured } from './figures.ts';
import { goalsFor } from './goals.ts';
import { timeToListen } from './listen.ts';
import { benchOptions, USAGE } from './options.ts';
import type { BenchOptions, Part } from './options.ts';
import { pacedRecording, REAL_TIME_SECONDS } from './paced.ts';
import type { Beside, PacedRun } from './paced.ts';
import { ffmpegListen } from './peers/ffmpeg-listen.ts';
import { meetrec } from './peers/meetrec.ts';
import { naive } from './peers/naive.ts';
import { nginxRtmp } from './peers/nginx-rtmp.ts';
import { compareInRealTime } from './steady.ts';
import { rampUp } from './streams.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

async function bench(options: BenchOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  await using world = await openWorld();
  const measured = await measure(options, world);
  const figures = figuresOf(measured);
  const goals = goalsFor(figures);
  for (const [name, value] of Object.entries(figures))
    say(`  ${name.padEnd(24)} ${value} ${goalOf(goals, name, value)}`.trimEnd());
  const method = {
    speedOfPacedPushes: options.speed,
    steady:
      'All targets of a run record at the same time; CPU of all their processes between two seconds of the push.',
    long: `Pushed faster than real time, the last ${REAL_TIME_SECONDS} s in real time, alone on the machine; memory of all processes every 250 ms.`,
    available:
      'From SIGTERM, sent when the publisher has ended, to the object and its manifest being in their places in S3.',
    crowd: 'The long recording once more, while strangers open, hold and misuse connections at its port.',
    storeCopies: world.copyingStore,
    streams: 'Late: a recording more than 1 s behind its own best, or its status more than 1 s in coming.',
  };
  const report = await writeReport('bench-recorder', {
    startedAt,
    figures,
    details: { goals, options: { ...options, parts: [...options.parts] }, method, ...measured },
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
  const paced = async (part: Part, what: 'short' | 'long', beside?: Beside): Promise<PacedRun[]> => {
    const { seconds, runs } = options[what];
    const done: PacedRun[] = [];
    for (const run of times(parts.has(part) ? runs : 0)) {
      const name = `${seconds} s of media${beside === undefined ? '' : ' and a crowd'}, run ${run}`;
      done.push(await step(name, () => pacedRecording(ours, world, { seconds, speed }, beside)));
    }
    return done;
  };
  return {
    listenMs,
    steady: steadyRuns,
    short: await paced('long', 'short'),
    long: await paced('long', 'long'),
    besieged: await paced('crowd', 'long', besiege),
    streams: parts.has('streams') ? await rampUp(ours, world, options.streams) : [],
  };
}

try {
  const options = benchOptions(process.argv.slice(2));
  if (options.help) say(USAGE);
  else await bench(options);
} catch (error) {
  say(`The measurement failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
