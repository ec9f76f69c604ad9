import type { Gap } from '../contract/completeness.ts';
import { SHORTEST_SILENCE_MS } from '../journal/silences.ts';
import type { Stretch } from '../journal/silences.ts';

/** A stretch of time, in Unix ms. */
export interface WallStretch {
  readonly from: number;
  readonly to: number;
}

/**
 * The stretches without media, in order. The publisher was away in those in which a recorder was there and the disk had
 * room, as far as they are longer than a pause between packets.
 */
export function gapsOf(media: {
  readonly silences: readonly Stretch[];
  readonly losses: readonly WallStretch[];
  /** What the disk has refused. */
  readonly refused: readonly Stretch[];
  /** Unix time in ms of the timeline's beginning. */
  readonly startedAt: number;
}): Gap[] {
  const { silences, losses, refused, startedAt } = media;
  const onWall = ({ fromMs, toMs }: Stretch): WallStretch => ({
    from: startedAt + fromMs,
    to: startedAt + toMs,
  });
  const away = silences
    .flatMap((silence) => without(onWall(silence), losses))
    .filter(({ from, to }) => to - from > SHORTEST_SILENCE_MS);
  const gaps = [
    ...away.map((stretch) => ({ ...stretch, reason: 'PublisherAway' as const })),
    ...losses.map((stretch) => ({ ...stretch, reason: 'RecorderLost' as const })),
    ...refused.map((stretch) => ({ ...onWall(stretch), reason: 'DiskFull' as const })),
  ];
  return gaps
    .sort((a, b) => a.from - b.from)
    .map(({ from, to, reason }) => ({
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      reason,
    }));
}

/** What is left of a stretch when the others are taken out of it. */
function without(stretch: WallStretch, others: readonly WallStretch[]): WallStretch[] {
  return others.reduce<WallStretch[]>(
    (left, other) =>
      left.flatMap(({ from, to }) => {
        if (other.to <= from || other.from >= to) return [{ from, to }];
        return [
          { from, to: other.from },
          { from: other.to, to },
        ].filter((part) => part.to > part.from);
      }),
    [stretch],
  );
}
