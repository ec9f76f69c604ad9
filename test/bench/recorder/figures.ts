import { cpus } from 'node:os';
import type { PacedRun } from './paced.ts';
import { median, rounded } from './statistics.ts';
import type { SteadyRun } from './steady.ts';
import type { StreamsRun } from './streams.ts';

export interface Measured {
  readonly listenMs: readonly number[];
  /** Each run's targets. */
  readonly steady: readonly (readonly SteadyRun[])[];
  readonly short: readonly PacedRun[];
  readonly long: readonly PacedRun[];
  /** The long one again, with a crowd of strangers at its port. */
  readonly besieged: readonly PacedRun[];
  readonly streams: readonly StreamsRun[];
}

/** The figures that docs/reference and the report name: medians over the runs; ratios are ours / the peer's. */
export function figuresOf(measured: Measured): Record<string, number> {
  const { listenMs, short, long, besieged } = measured;
  const availableShort = median(short.map((run) => run.availableSeconds));
  const availableLong = median(long.map((run) => run.availableSeconds));
  const ours = runsOf(measured, 'meetrec');
  const figures = {
    cpuVsFfmpegListen: rounded(ratioTo(measured, 'ffmpeg-listen'), 2),
    cpuVsNginxRtmp: rounded(ratioTo(measured, 'nginx-rtmp'), 2),
    cpuVsNaive: rounded(ratioTo(measured, 'naive'), 2),
    cpuSecondsPerMinute: rounded(median(ours.map((run) => run.cpuShare)) * 60, 3),
    startCpuSeconds: rounded(median(ours.map((run) => run.startCpuSeconds)), 2),
    rssEarlyMb: rounded(median(ours.map((run) => run.rssMb)), 0),
    rssMb: rounded(median(long.map((run) => run.rssPeakMb)), 0),
    podMemoryMb: rounded(Math.max(...besieged.map((run) => run.rssPeakMb)), 0),
    rssGrowthMb: rounded(median(long.map((run) => run.rssGrowthMb)), 0),
    avDriftMs: rounded(Math.max(...long.map((run) => run.avDriftMs)), 1),
    packetsLost: [...ours, ...short, ...long, ...besieged].reduce((sum, run) => sum + run.packetsLost, 0),
    availableShortSeconds: rounded(availableShort, 2),
    availableLongSeconds: rounded(availableLong, 2),
    availableLongVsShort: rounded(availableLong / availableShort, 2),
    listenMs: rounded(median(listenMs), 0),
    streamsPerTwoCores: streamsPerTwoCores(measured.streams),
  };
  // What was left out by an option has no figure, rather than a meaningless one.
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

/** Compared within each run, because what else the machine does changes from run to run. */
function ratioTo(measured: Measured, peer: string): number {
  const shareIn = (run: readonly SteadyRun[], target: string): number =>
    run.find((one) => one.target === target)?.cpuShare ?? NaN;
  return median(measured.steady.map((run) => shareIn(run, 'meetrec') / shareIn(run, peer)));
}

function runsOf(measured: Measured, target: string): SteadyRun[] {
  return measured.steady.flat().filter((run) => run.target === target);
}

/**
 * The most recordings at a time of which none was late, for each two cores. Where none was late at all, it is what was
 * tried; `details.streams` shows which of the two it is.
 */
function streamsPerTwoCores(runs: readonly StreamsRun[]): number {
  if (runs.length === 0) return NaN;
  const held = runs.findLast((run) => !run.late)?.streams ?? 0;
  return Math.floor((held / cpus().length) * 2);
}
