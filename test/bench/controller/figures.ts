import type { RunResult } from './one-run.ts';
import type { ContenderName } from './options.ts';
import { median, rounded } from './statistics.ts';

type Measure = (run: RunResult) => number;

/** Recordings a second, through their whole lives. */
const throughput: Measure = ({ objects, recordingSeconds, completedSeconds }) =>
  objects / (recordingSeconds + completedSeconds);

/**
 * Medians of ours against medians of the other side's, at the largest number of objects; below 1 is better but for
 * throughput. `restartSeconds10k` is ours alone. What was not measured is left out.
 */
export function figuresOf(runs: readonly RunResult[]): Record<string, number> {
  const largest = Math.max(...runs.map(({ objects }) => objects));
  const of = (contender: ContenderName, objects: number, measure: Measure): number | undefined => {
    const values = runs
      .filter((run) => run.contender === contender && run.objects === objects)
      .map((run) => measure(run));
    return values.length === 0 ? undefined : median(values);
  };
  const ratio = (objects: number, measure: Measure): number | undefined => {
    const [ours, theirs] = [of('meetrec', objects, measure), of('controller-runtime', objects, measure)];
    return ours === undefined || theirs === undefined ? undefined : ours / theirs;
  };
  const figures: Record<string, number | undefined> = {
    throughput1k: ratio(1000, throughput),
    throughput10k: ratio(10_000, throughput),
    p99CreatedToPod: ratio(largest, ({ createdToPod }) => createdToPod.p99),
    p99PodToStatus: ratio(largest, ({ podToStatus }) => podToStatus.p99),
    apiCalls: ratio(largest, ({ apiCalls }) => apiCalls.total),
    cpu: ratio(largest, ({ cpuSeconds }) => cpuSeconds),
    rss: ratio(largest, ({ peakRssMb }) => peakRssMb),
    restartSeconds10k: of('meetrec', 10_000, ({ restartSeconds }) => restartSeconds),
  };
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) => (value === undefined ? [] : [[name, rounded(value)]])),
  );
}
