import { describe, expect, it } from 'vitest';
import { gapsOf } from './gaps.ts';

const STARTED = Date.parse('2026-01-01T10:00:00.000Z');
const at = (seconds: number): number => STARTED + seconds * 1000;
const rfc = (seconds: number): string => new Date(at(seconds)).toISOString();
const media = { silences: [], losses: [], refused: [], startedAt: STARTED };
const silence = (from: number, to: number): { fromMs: number; toMs: number } => ({
  fromMs: from * 1000,
  toMs: to * 1000,
});

describe('the gaps of a recording', () => {
  it('are the stretches in which the publisher was away, by the wall clock', () => {
    expect(gapsOf({ ...media, silences: [silence(10, 20), silence(30, 33)] })).toEqual([
      { from: rfc(10), to: rfc(20), reason: 'PublisherAway' },
      { from: rfc(30), to: rfc(33), reason: 'PublisherAway' },
    ]);
  });

  it('are apart from those in which there was no recorder', () => {
    const losses = [{ from: at(10), to: at(13) }];
    expect(gapsOf({ ...media, silences: [silence(10, 20)], losses })).toEqual([
      { from: rfc(10), to: rfc(13), reason: 'RecorderLost' },
      { from: rfc(13), to: rfc(20), reason: 'PublisherAway' },
    ]);
    // A publisher that is back at once was never away.
    expect(gapsOf({ ...media, silences: [silence(10, 14)], losses })).toEqual([
      { from: rfc(10), to: rfc(13), reason: 'RecorderLost' },
    ]);
  });

  it('are told although no media came after them', () => {
    expect(gapsOf({ ...media, losses: [{ from: at(10), to: at(13) }], refused: [silence(20, 21)] })).toEqual([
      { from: rfc(10), to: rfc(13), reason: 'RecorderLost' },
      { from: rfc(20), to: rfc(21), reason: 'DiskFull' },
    ]);
  });

  it('are cut by a loss in their middle', () => {
    const losses = [{ from: at(14), to: at(15) }];
    expect(gapsOf({ ...media, silences: [silence(10, 20)], losses }).map(({ reason }) => reason)).toEqual([
      'PublisherAway',
      'RecorderLost',
      'PublisherAway',
    ]);
  });
});
