import type { BurstResult } from './burst.ts';
import type { ChangesResult } from './changes.ts';
import type { ChurnResult } from './churn.ts';
import type { SideName } from './options.ts';
import { median } from './statistics.ts';

/** What was measured of the parts that were run. */
export interface Runs {
  readonly small: readonly BurstResult[];
  readonly large: readonly BurstResult[];
  readonly churns: readonly ChurnResult[];
  readonly changes: readonly ChangesResult[];
}

/** Recordings a second, through their whole lives. */
const throughput = ({ objects, recordingSeconds, completedSeconds }: BurstResult): number | undefined =>
  completedSeconds === undefined ? undefined : objects / (recordingSeconds + completedSeconds);

/**
 * Medians of ours against medians of the other side's; below 1 is better but for throughput. Those without a size in
 * their name are of the largest burst that was run. `restartSeconds10k` is ours alone, and `behindSecondsChurn` says
 * how long after the last change of the churn ours was done with it; those in milliseconds are ours alone, too. What was not measured is left out.
 */
export function figuresOf({ small, large, churns, changes }: Runs): Record<string, number> {
  const largest = large.length > 0 ? large : small;
  const figures: Record<string, number | undefined> = {
    throughput1k: ratio(small, throughput),
    throughput10k: ratio(large, throughput),
    p99CreatedToPod: ratio(largest, ({ createdToPod }) => createdToPod.p99),
    p99PodToStatus: ratio(largest, ({ podToStatus }) => podToStatus.p99),
    apiCalls: ratio(largest, ({ apiCalls }) => apiCalls.total),
    cpu: ratio(largest, ({ cpuSeconds }) => cpuSeconds),
    rss: ratio(largest, ({ peakRssMb }) => peakRssMb),
    restartSeconds10k: of(large, 'meetrec', ({ restartSeconds }) => restartSeconds),
    p99CreatedToPod1k: ratio(small, ({ createdToPod }) => createdToPod.p99),
    p99PodToStatus1k: ratio(small, ({ podToStatus }) => podToStatus.p99),
    p99CreatedToPodChurn: ratio(churns, ({ createdToPod }) => createdToPod.p99),
    p99PodToStatusChurn: ratio(churns, ({ podToStatus }) => podToStatus.p99),
    apiCallsChurn: ratio(churns, ({ apiCalls }) => apiCalls.total),
    cpuChurn: ratio(churns, ({ churnCpuSeconds }) => churnCpuSeconds),
    rssChurn: ratio(churns, ({ peakRssMb }) => peakRssMb),
    behindSecondsChurn: of(churns, 'meetrec', ({ behindSeconds }) => behindSeconds),
    changeToStatusP50Ms: of(changes, 'meetrec', ({ changeToStatus }) => changeToStatus.p50 * 1000),
    changeToStatusP99Ms: of(changes, 'meetrec', ({ changeToStatus }) => changeToStatus.p99 * 1000),
    freedToAdmittedP50Ms: of(changes, 'meetrec', ({ freedToAdmitted }) => freedToAdmitted.p50 * 1000),
    freedToAdmittedP99Ms: of(changes, 'meetrec', ({ freedToAdmitted }) => freedToAdmitted.p99 * 1000),
  };
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

type Measure<T> = (run: T) => number | undefined;

function of<T extends { side: SideName }>(
  runs: readonly T[],
  side: SideName,
  measure: Measure<T>,
): number | undefined {
  const values = runs
    .filter((run) => run.side === side)
    .map((run) => measure(run))
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

function ratio<T extends { side: SideName }>(runs: readonly T[], measure: Measure<T>): number | undefined {
  const [ours, theirs] = [of(runs, 'meetrec', measure), of(runs, 'controller-runtime', measure)];
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
}
