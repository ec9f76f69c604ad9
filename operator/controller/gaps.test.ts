import { describe, expect, it } from 'vitest';
import type { Gap } from '../../recorder-image/contract/completeness.ts';
import { gapBetween, listedGaps, mergeGaps, secondsOf } from './gaps.ts';

const gap = (from: number, to: number, reason: Gap['reason'] = 'RecorderLost'): Gap => ({
  from: new Date(from * 1000).toISOString(),
  to: new Date(to * 1000).toISOString(),
  reason,
});

describe('gaps', () => {
  it('are in order of time, and those that overlap for one reason are one', () => {
    const away = gap(3, 20, 'PublisherAway');
    expect(mergeGaps([gap(10, 12), gap(0, 5), away, gap(4, 7), gap(1, 2), gap(7, 8)])).toEqual([
      gap(0, 8),
      away,
      gap(10, 12),
    ]);
  });

  it('are stretches of time: what is none is dropped', () => {
    expect(mergeGaps([gap(5, 5), gap(6, 5), { ...gap(1, 2), from: 'yesterday' }])).toEqual([]);
    expect(gapBetween(Number.NaN, 5, 'Paused')).toEqual([]);
  });

  it('are listed up to a number: the earliest, and ours first', () => {
    const away = Array.from({ length: 20 }, (_, index) => gap(index * 10, index * 10 + 1, 'PublisherAway'));
    expect(listedGaps(away)).toEqual(away.slice(0, 16));
    expect(listedGaps([...away, gap(500, 510)])).toEqual([...away.slice(0, 15), gap(500, 510)]);
  });

  it('have a length', () => {
    expect(secondsOf([gap(1, 2.5), gap(10, 20)])).toBe(11.5);
  });
});
