import { percentile } from './load.ts';
import type { Load, LoadRequest, Sample } from './load.ts';
import { readProcessFigures } from './process-figures.ts';

export interface PhaseResult {
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  /** How often each status came. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** Of the time that requests took: how much of it is each dependency's. Work between requests counts as well. */
  readonly dependencyShares: Readonly<Record<string, number>>;
  /** Of one core, by the API's process. */
  readonly cpu: number;
  /** Milliseconds by which the API's event loop was late. */
  readonly loopLagP99Ms: number;
  readonly loopLagMaxMs: number;
  /** Of the time, how much went into collecting garbage. */
  readonly gcShare: number;
}

/** Sends one kind of requests and says how it went. */
export async function phase(options: {
  readonly name: string;
  readonly load: Load;
  readonly origin: string;
  readonly requests: readonly LoadRequest[];
  readonly atOnce: number;
  readonly expected: number;
}): Promise<{ result: PhaseResult; samples: Sample[] }> {
  const { name, load, origin, requests, atOnce, expected } = options;
  const before = await readProcessFigures(origin);
  const started = performance.now();
  const samples = await load.sendAll(requests, atOnce);
  const seconds = (performance.now() - started) / 1000;
  const after = await readProcessFigures(origin);
  const times = samples.map(({ ms }) => ms);
  const waited = times.reduce((sum, ms) => sum + ms, 0) / 1000;
  const shares = Object.entries(after.dependencySeconds).map(([dependency, total]) => {
    const spent = total - (before.dependencySeconds[dependency] ?? 0);
    return [dependency, round(spent / waited)] as const;
  });
  const statuses: Record<string, number> = {};
  for (const { status } of samples) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    samples,
    result: {
      name,
      requests: samples.length,
      errors: samples.filter(({ status }) => status !== expected).length,
      statuses,
      p50Ms: round(percentile(times, 0.5)),
      p99Ms: round(percentile(times, 0.99)),
      maxMs: round(percentile(times, 1)),
      seconds: round(seconds),
      requestsPerSecond: round(samples.length / seconds),
      dependencyShares: Object.fromEntries(shares),
      cpu: round((after.cpuSeconds - before.cpuSeconds) / seconds),
      loopLagP99Ms: round(after.loopLagP99Ms),
      loopLagMaxMs: round(after.loopLagMaxMs),
      gcShare: round((after.gcSeconds - before.gcSeconds) / seconds),
    },
  };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
