import { CODECS } from '../contract/codecs.ts';
import type { CodecName } from '../contract/codecs.ts';
import type { ManifestTrack } from '../contract/manifest.ts';
import type { TrackId } from '../media/track.ts';
import type { ExpectedTrack } from '../proof/compare.ts';

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

/** In ms: the tracks of a file have it in common. */
export function offsetOf(tracks: readonly ManifestTrack[]): number {
  return Math.round((tracks[0]?.offsetSeconds ?? 0) * 1000);
}

function codecNamed(name: string): CodecName {
  if (!(name in CODECS)) throw new RangeError(`${name} is no codec that is known here`);
  return name as CodecName;
}
