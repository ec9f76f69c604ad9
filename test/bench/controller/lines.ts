import type { BurstResult } from './burst.ts';
import type { ChangesResult } from './changes.ts';
import type { ChurnResult } from './churn.ts';
import type { Quantiles } from './latencies.ts';
import { goalOf } from '../goals.ts';
import { GOALS } from './goals.ts';
import type { Spent } from './place.ts';
import { rounded } from './statistics.ts';

/** One run in one line for people. */
export function burstLine(result: BurstResult): string {
  const {
    side,
    objects,
    recordingSeconds,
    completedSeconds,
    restartSeconds,
    restartReadySeconds = 0,
  } = result;
  const parts = [
    `all Recording ${recordingSeconds.toFixed(1)} s`,
    ...(completedSeconds === undefined ? [] : [`all Completed ${completedSeconds.toFixed(1)} s`]),
    ...latencies(result),
    ...(restartSeconds === undefined
      ? []
      : [`restart ${restartSeconds.toFixed(2)} s (caches full ${restartReadySeconds.toFixed(2)} s)`]),
    ...spent(result),
  ];
  return `${side}, ${objects} recordings: ${parts.join(', ')}`;
}

export function churnLine(result: ChurnResult): string {
  const { side, live, changed, behindSeconds, churnCpuSeconds } = result;
  const parts = [
    ...latencies(result),
    `done ${behindSeconds.toFixed(1)} s after the last change`,
    `CPU of the churn ${churnCpuSeconds.toFixed(1)} s`,
    ...spent(result),
  ];
  return `${side}, ${live} live and ${changed} that come and go: ${parts.join(', ')}`;
}

export function changesLine({
  side,
  slots,
  changeToStatus,
  freedToAdmitted,
  ...used
}: ChangesResult): string {
  const parts = [
    `state to status ${times(changeToStatus)}`,
    `slot freed to next admitted ${times(freedToAdmitted)}`,
    ...spent(used),
  ];
  return `${side}, ${slots} slots: ${parts.join(', ')}`;
}

/** Rounded to be read; goals are compared with what was measured. */
export function figureLines(figures: Readonly<Record<string, number>>): string[] {
  return Object.entries(figures).map(([name, value]) =>
    `  ${name.padEnd(24)} ${rounded(value)} ${goalOf(GOALS, name, value)}`.trimEnd(),
  );
}

function latencies({
  createdToPod,
  podToStatus,
}: {
  createdToPod: Quantiles;
  podToStatus: Quantiles;
}): string[] {
  return [`created to pod ${times(createdToPod)}`, `pod to status ${times(podToStatus)}`];
}

function times({ p50, p99 }: Quantiles): string {
  return `p50 ${p50.toFixed(3)} p99 ${p99.toFixed(3)} s`;
}

function spent({ cpuSeconds, peakRssMb, apiCalls, helpers }: Spent): string[] {
  const others = Object.entries(helpers).map(([name, seconds]) => `${name} ${seconds.toFixed(0)}`);
  return [
    `CPU ${cpuSeconds.toFixed(1)} s`,
    `peak RSS ${peakRssMb.toFixed(0)} MB`,
    `${apiCalls.total} calls`,
    `CPU of the others: ${others.join(', ')} s`,
  ];
}
