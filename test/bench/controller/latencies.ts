import type { Moment, Moments } from './observer.ts';
import { quantile } from './statistics.ts';

/** Seconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Seconds from one moment to another, where both were seen.
 *
 * @param sinceMs only what began at or after it, in milliseconds of performance.now()
 */
export function between(
  moments: readonly Moments[],
  from: Moment,
  to: Moment,
  sinceMs = Number.NEGATIVE_INFINITY,
): number[] {
  return moments.flatMap((seen) => {
    const [a, b] = [seen[from], seen[to]];
    return a === undefined || b === undefined || a < sinceMs ? [] : [Math.max(0, b - a) / 1000];
  });
}

export function quantiles(values: readonly number[]): Quantiles {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: quantile(values, 1) };
}

export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
