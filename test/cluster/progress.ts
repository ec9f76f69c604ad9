/** Prints what a long job is doing, on stderr, so that stdout stays free for results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Runs one named step of a long job and says how many seconds it took. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    const result = await work();
    say(` ✓ ${title} (${secondsSince(started)} s)`);
    return result;
  } catch (error) {
    say(` ✗ ${title} (${secondsSince(started)} s)`);
    throw error;
  }
}

/** Seconds with one decimal since `started`, a reading of `performance.now()`. */
export function secondsSince(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}
