import { compareTracks } from '../media/ledger.ts';
import type { Ledger } from '../media/ledger.ts';
import { fateOf } from '../contract/codecs.ts';
import type { CodecName } from '../contract/codecs.ts';
import type { Format } from '../contract/formats.ts';
import { kindOf } from '../media/track.ts';
import type { MediaKind, TrackId } from '../media/track.ts';
import type { ExpectedTrack } from './compare.ts';
import type { OffsetOf } from './file-scan.ts';

/** What a file should hold. */
export interface Expectation {
  /** All that it should hold, once that is known. */
  readonly tracks: () => readonly ExpectedTrack[];
  readonly offsetOf: () => OffsetOf;
}

/**
 * What a file of this format should hold of the media that a ledger counts. `tracks` are those of the file, which may be
 * fewer while the ledger grows.
 */
export function expectationOf(
  format: Format,
  media: { readonly ledger: () => Ledger; readonly tracks: () => Iterable<TrackId> },
): Expectation {
  const { ledger, tracks } = media;
  return {
    tracks: () =>
      ledger().tracks.map((track) => {
        const as = encodedAs(track.codec, format);
        return as === undefined ? track : { ...track, encodedAs: as, by: 'durations' };
      }),
    offsetOf: () => offsetFrom(format, ledger(), [...tracks()]),
  };
}

/**
 * Where the file's time 0 is on the timeline is up to who writes it. So the first packet that is copied tells it, and all
 * others have to agree. Without one, it is where the media begins.
 */
function offsetFrom(format: Format, ledger: Ledger, tracks: readonly TrackId[]): OffsetOf {
  let common: number | undefined;
  const ofKind = (kind: MediaKind): TrackId[] =>
    tracks.filter((track) => kindOf(track) === kind).sort(compareTracks);
  return ({ kind, index, firstMs }) => {
    const track = ofKind(kind)[index];
    const first = track === undefined ? undefined : ledger.firstOf(track);
    if (first !== undefined && encodedAs(first.codec, format) === undefined) common ??= first.dtsMs - firstMs;
    return common ?? ledger.earliestMs;
  };
}

function encodedAs(codec: CodecName, format: Format): CodecName | undefined {
  const fate = fateOf(codec, format);
  return fate.is === 'encoded' ? fate.to : undefined;
}
