const FIRST_MS = 250;
const LONGEST_MS = 15_000;

/**
 * How long to wait before the next try, in ms, after this many failures in a row: doubling to 15 s, and somewhere in
 * the upper half of that, so that recorders that failed together don't come back together.
 */
export function backoffMs(failures: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return ceiling * (0.5 + random() / 2);
}
