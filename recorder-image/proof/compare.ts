import type { CodecName } from '../contract/codecs.ts';
import type { LedgerTrack } from '../media/ledger.ts';
import { kindOf } from '../media/track.ts';
import type { TrackId } from '../media/track.ts';
import { encodedDifference } from './encoded-bounds.ts';
import type { ScannedTrack } from './file-scan.ts';
import { differentSeconds } from './seconds.ts';

/** What a file should hold of a track. */
export interface ExpectedTrack extends LedgerTrack {
  /** The codec that the file has it in, where it was encoded. */
  readonly encodedAs?: CodecName | undefined;
  /** Of what is encoded only now, durations are compared; of what was encoded before, payloads. Default: all. */
  readonly by?: 'durations' | 'payloads';
  /** What was accepted of it, where that is not what is to be in the file. */
  readonly accepted?: { readonly packets: number; readonly bytes: number };
}

/** How a track of a file differs from what it should be. */
export interface Difference {
  readonly track: TrackId;
  /** For people. */
  readonly what: string;
  /** The seconds of the timeline that are not as they should be, in order; empty where only the whole can be told. */
  readonly seconds: readonly number[];
}

/** A track that a file has, by the name of the one that it should be. */
export interface MatchedTrack {
  readonly expected: ExpectedTrack;
  /** Undefined where the file lacks it. */
  readonly found: ScannedTrack | undefined;
}

/** Finds the tracks in the file: it has those of a kind in the order of their numbers. Those without packets don't count. */
export function matchTracks(
  expected: readonly ExpectedTrack[],
  found: readonly ScannedTrack[],
): { readonly matched: readonly MatchedTrack[]; readonly others: readonly ScannedTrack[] } {
  const left = found.filter(({ packets }) => packets > 0);
  const matched = expected.map((track) => {
    const index = left.findIndex(({ kind }) => kind === kindOf(track.track));
    return { expected: track, found: index < 0 ? undefined : left.splice(index, 1)[0] };
  });
  return { matched, others: left };
}

/** How the tracks differ; empty where the file holds exactly what it should. */
export function differencesBetween(
  expected: readonly ExpectedTrack[],
  found: readonly ScannedTrack[],
): Difference[] {
  const { matched, others } = matchTracks(expected, found);
  const differences = matched.flatMap(({ expected: track, found: own }) => difference(track, own) ?? []);
  const more = others.map((track) => ({
    track: track.kind === 'audio' ? ('audio:0' as const) : ('video:0' as const),
    what: `the file has another track of ${track.kind}`,
    seconds: [],
  }));
  return [...differences, ...more];
}

function difference(expected: ExpectedTrack, found: ScannedTrack | undefined): Difference | undefined {
  const { track, by } = expected;
  const codec = expected.encodedAs ?? expected.codec;
  if (by === 'durations') return encodedDifference(expected, found);
  if (found === undefined) {
    const seconds = differentSeconds(expected, NOTHING);
    return { track, what: `all ${expected.packets} packets are missing`, seconds };
  }
  const parts = [
    ...(found.codec === codec
      ? []
      : [`it is ${found.codec ?? 'of an unknown codec'} and should be ${codec}`]),
    ...(found.packets === expected.packets ? [] : [`${found.packets} packets of ${expected.packets}`]),
    ...(found.sha256 === expected.sha256 ? [] : ['other payloads']),
    ...(by === 'payloads' || found.timesSha256 === expected.timesSha256 ? [] : ['other times']),
  ];
  if (parts.length === 0) return undefined;
  return { track, what: parts.join(', '), seconds: differentSeconds(expected, found) };
}

const NOTHING = { firstMs: 0, seconds: Buffer.alloc(0) };
