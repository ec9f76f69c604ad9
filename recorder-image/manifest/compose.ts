import { OUR_GAPS } from '../contract/completeness.ts';
import type { Gap, IncompleteReason } from '../contract/completeness.ts';
import type { Manifest } from '../contract/manifest.ts';

/** The worst first: it names the whole. */
const WORST_FIRST: readonly IncompleteReason[] = ['MediaLost', 'NotMuxed', 'TrackLeftOut'];

/**
 * One manifest of what each attempt says. Of an attempt that several pieces tell of, the last one counts. The time between
 * the last media of one attempt and the first of the next is a gap. The same pieces make the same manifest, whenever they
 * are put together.
 */
export function composeManifest(pieces: readonly Manifest[]): Manifest {
  const all = newestOf(pieces);
  const [first] = all;
  const last = all.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a manifest of nothing');
  if (all.length === 1) return first;
  const between = gapsBetween(all);
  const own = all.flatMap((piece, index) => gapsOf(piece, all[index + 1]));
  const gaps = [...own, ...between].sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
  const incomplete = WORST_FIRST.find((reason) => all.some((piece) => piece.incompleteReason === reason));
  return {
    version: 1,
    recording: last.recording,
    ...startAndStop(all),
    durationSeconds: rounded(sum(all.map(({ durationSeconds }) => durationSeconds))),
    attempts: all.flatMap(({ attempts }) => attempts),
    files: all.flatMap(({ files }) => files),
    gaps,
    leftOut: unique(all.flatMap(({ leftOut }) => leftOut)),
    complete: all.every(({ complete }) => complete),
    ...(incomplete === undefined ? {} : { incompleteReason: incomplete }),
    missingSeconds: rounded(sum([...all.map(({ missingSeconds }) => missingSeconds), secondsIn(between)])),
    writtenBy: last.writtenBy,
    writtenAt: all.map(({ writtenAt }) => writtenAt).reduce(later),
  };
}

/** Seconds of those gaps that are the installation's fault. */
export function secondsIn(gaps: readonly Gap[]): number {
  return sum(
    gaps
      .filter(({ reason }) => OUR_GAPS.has(reason))
      .map(({ from, to }) => (Date.parse(to) - Date.parse(from)) / 1000),
  );
}

function newestOf(pieces: readonly Manifest[]): Manifest[] {
  const numberOf = ({ attempts }: Manifest): number => attempts[0]?.attempt ?? 0;
  const byAttempt = new Map<number, Manifest>();
  const inTime = [...pieces].sort((a, b) => Date.parse(a.writtenAt) - Date.parse(b.writtenAt));
  for (const piece of inTime) byAttempt.set(numberOf(piece), piece);
  return [...byAttempt.values()].sort((a, b) => numberOf(a) - numberOf(b));
}

function gapsBetween(pieces: readonly Manifest[]): Gap[] {
  return pieces.slice(1).flatMap((next, index): Gap[] => {
    const from = pieces[index]?.stoppedAt;
    const to = next.startedAt;
    if (from === undefined || to === undefined || !(Date.parse(to) > Date.parse(from))) return [];
    return [{ from, to, reason: 'RecorderLost' }];
  });
}

/** Whoever salvages an attempt does not know when the next one began, and says that there is nothing up to then. */
function gapsOf({ gaps, stoppedAt }: Manifest, next: Manifest | undefined): readonly Gap[] {
  if (next?.startedAt === undefined) return gaps;
  return gaps.filter(({ from, reason }) => from !== stoppedAt || reason !== 'RecorderLost');
}

function startAndStop(pieces: readonly Manifest[]): { startedAt?: string; stoppedAt?: string } {
  const startedAt = pieces.map((piece) => piece.startedAt).find((at) => at !== undefined);
  const stoppedAt = pieces.map((piece) => piece.stoppedAt).findLast((at) => at !== undefined);
  return {
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
  };
}

function later(one: string, other: string): string {
  return Date.parse(one) >= Date.parse(other) ? one : other;
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
