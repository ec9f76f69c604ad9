import type { TrackFigures } from '../media/track-ledger.ts';

/** A checksum for each second of a track. */
export type Seconds = Pick<TrackFigures, 'firstMs' | 'seconds'>;

/** The seconds of the timeline in which the packets of two tracks are not the same. */
export function differentSeconds(one: Seconds, other: Seconds): number[] {
  const range = [one, other].map(({ firstMs, seconds }) => {
    const from = Math.floor(firstMs / 1000);
    return { from, to: from + seconds.length / 4 };
  });
  const from = Math.min(...range.map((each) => each.from));
  const to = Math.max(...range.map((each) => each.to));
  const different: number[] = [];
  for (let second = from; second < to; second += 1)
    if (checksumAt(one, second) !== checksumAt(other, second)) different.push(second);
  return different;
}

/** 0 where the track has no packet that begins in this second. */
export function checksumAt({ firstMs, seconds }: Seconds, second: number): number {
  const at = (second - Math.floor(firstMs / 1000)) * 4;
  return at < 0 || at >= seconds.length ? 0 : seconds.readUInt32BE(at);
}

/** The seconds of the timeline in which a track has packets. */
export function secondsOf(track: Seconds): number[] {
  const from = Math.floor(track.firstMs / 1000);
  return Array.from({ length: track.seconds.length / 4 }, (_, index) => from + index).filter(
    (second) => checksumAt(track, second) !== 0,
  );
}
