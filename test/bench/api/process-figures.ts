export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentMb: number;
  /** By how much timers were late, in milliseconds, since the last look: the event loop was busy for as long. */
  readonly loopLagP99Ms: number;
  readonly loopLagMaxMs: number;
  /** Seconds spent collecting garbage so far. */
  readonly gcSeconds: number;
  /** Seconds waited so far, by dependency. */
  readonly dependencySeconds: Readonly<Record<string, number>>;
}

/** What the API says of itself. */
export async function readProcessFigures(origin: string): Promise<ProcessFigures> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const sums = text.matchAll(/^meetrec_api_dependency_seconds_sum\{dependency="(\w+)"\} (.+)$/gm);
  return {
    cpuSeconds: value('process_cpu_seconds_total'),
    residentMb: Math.round(value('process_resident_memory_bytes') / 1e6),
    loopLagP99Ms: value('nodejs_eventloop_lag_p99_seconds') * 1000,
    loopLagMaxMs: value('nodejs_eventloop_lag_max_seconds') * 1000,
    gcSeconds: [...text.matchAll(/^nodejs_gc_duration_seconds_sum\{.*\} (.+)$/gm)].reduce(
      (sum, [, seconds]) => sum + Number(seconds),
      0,
    ),
    dependencySeconds: Object.fromEntries([...sums].map(([, name = '', seconds]) => [name, Number(seconds)])),
  };
}
