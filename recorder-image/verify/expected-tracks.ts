import { CODECS } from '../contract/codecs.ts';
import type { CodecName } from '../contract/codecs.ts';
import type { ManifestTrack } from '../contract/manifest.ts';
import { kindOf } from '../media/track.ts';
import type { TrackId } from '../media/track.ts';
import type { ExpectedTrack } from '../proof/compare.ts';
import type { OffsetOf } from '../proof/file-scan.ts';

/** What a manifest says that a file holds, as it can be compared with what it is found to hold. */
export function expectedTracks(tracks: readonly ManifestTrack[]): ExpectedTrack[] {
  return tracks
    .filter(({ packets }) => packets > 0)
    .map(({ id, codec, encodedAs, packets, bytes, ...track }) => ({
      track: id as TrackId,
      codec: codecNamed(encodedAs ?? codec),
      packets,
      bytes,
      sha256: track.sha256 ?? '',
      timesSha256: track.timesSha256 ?? '',
      firstMs: Math.round(track.firstSeconds * 1000),
      lastMs: Math.round(track.lastSeconds * 1000),
      seconds: Buffer.from(track.seconds ?? '', 'base64'),
    }));
}

/** What has to be added to the times of the file's tracks, as the manifest has it. */
export function offsetsOf(tracks: readonly ManifestTrack[]): OffsetOf {
  const withPackets = tracks.filter(({ packets }) => packets > 0);
  return ({ kind, index }) => {
    const ofKind = withPackets.filter(({ id }) => kindOf(id as TrackId) === kind);
    const { offsetSeconds = 0 } = ofKind[index] ?? ofKind[0] ?? {};
    return Math.round(offsetSeconds * 1000);
  };
}

function codecNamed(name: string): CodecName {
  if (!(name in CODECS)) throw new RangeError(`${name} is no codec that is known here`);
  return name as CodecName;
}
