import type { Difference, ExpectedTrack } from './compare.ts';
import type { ScannedTrack } from './file-scan.ts';
import { checksumAt, secondsOf } from './seconds.ts';

/**
 * How far what was encoded may begin and end from what was accepted, in ms: an encoder holds something back, pads at
 * either end, and at the lowest frame rate it has one picture a second.
 */
const TOLERANCE_MS = 1000;

/**
 * How a track that was encoded differs from what was accepted. Its packets are other ones. It has to begin and end where
 * the accepted one does, within {@link TOLERANCE_MS}, and to have packets wherever that has some, within a second.
 */
export function encodedDifference(
  expected: ExpectedTrack,
  found: ScannedTrack | undefined,
): Difference | undefined {
  const { track, encodedAs, firstMs, lastMs } = expected;
  const isShort = lastMs - firstMs <= TOLERANCE_MS;
  if (found === undefined) {
    // An encoder may have nothing to show for what is shorter than what it holds back.
    return isShort ? undefined : { track, what: 'it is missing', seconds: secondsOf(expected) };
  }
  const differ = (what: string, seconds: readonly number[]): Difference => ({ track, what, seconds });
  if (found.codec !== encodedAs) return differ(`it is ${found.codec} and should be ${encodedAs}`, []);
  const missing = secondsOf(expected).filter(
    (second) => ![second - 1, second, second + 1].some((near) => checksumAt(found, near) !== 0),
  );
  if (missing.length > 0) return differ(`${missing.length} seconds of it are missing`, missing);
  if (found.firstMs - firstMs > TOLERANCE_MS)
    return differ(`it begins ${found.firstMs - firstMs} ms too late`, []);
  if (Math.abs(found.endMs - lastMs) > TOLERANCE_MS)
    return differ(
      `it ends ${Math.abs(found.endMs - lastMs)} ms too ${found.endMs > lastMs ? 'late' : 'early'}`,
      [],
    );
  return undefined;
}
