import type { CodecName } from '../../contract/codecs.ts';
import type { Take } from '../../journal/take.ts';
import type { TrackId } from '../../media/track.ts';

/** What was published of a track, in all of these takes together. */
export interface PublishedTrack {
  readonly codec: CodecName;
  readonly accepted: { readonly packets: number; readonly bytes: number };
}

export function publishedTracks(takes: readonly Take[]): ReadonlyMap<TrackId, PublishedTrack> {
  const published = new Map<TrackId, PublishedTrack>();
  for (const { track, codec, packets, bytes } of takes.flatMap(({ stored }) => stored.tracks)) {
    const { accepted } = published.get(track) ?? { accepted: { packets: 0, bytes: 0 } };
    published.set(track, {
      codec,
      accepted: { packets: accepted.packets + packets, bytes: accepted.bytes + bytes },
    });
  }
  return published;
}
