import { OUR_GAPS } from '../../recorder-image/contract/completeness.ts';
import type { Gap } from '../../recorder-image/contract/completeness.ts';
import { MAX_GAPS } from '../crd/status.ts';

/** A gap between two Unix times in ms; none where there is no time between them, or either is no time. */
export function gapBetween(fromMs: number, toMs: number, reason: Gap['reason']): Gap[] {
  if (!(toMs > fromMs)) return [];
  return [{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), reason }];
}

/** In order of time, in one form; those that overlap for the same reason are one. What is no stretch of time is dropped. */
export function mergeGaps(gaps: readonly Gap[]): Gap[] {
  const merged: Gap[] = [];
  const ordered = gaps
    .flatMap(({ from, to, reason }) => gapBetween(Date.parse(from), Date.parse(to), reason))
    .toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
  for (const gap of ordered) {
    const index = merged.findLastIndex(({ reason }) => reason === gap.reason);
    const last = merged[index];
    if (last === undefined || Date.parse(last.to) < Date.parse(gap.from)) merged.push(gap);
    else if (Date.parse(last.to) < Date.parse(gap.to)) merged[index] = { ...last, to: gap.to };
  }
  return merged;
}

/** As many as a status holds, the earliest; those that are the installation's fault go before the others. */
export function listedGaps(gaps: readonly Gap[]): Gap[] {
  if (gaps.length <= MAX_GAPS) return [...gaps];
  const ours = gaps.filter(isOurs).slice(0, MAX_GAPS);
  const others = gaps.filter((gap) => !isOurs(gap)).slice(0, MAX_GAPS - ours.length);
  return [...ours, ...others].toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
}

/** Whether nobody but the installation is to blame. */
export function isOurs({ reason }: Gap): boolean {
  return OUR_GAPS.has(reason);
}

export function secondsOf(gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / 1000, 0);
}
