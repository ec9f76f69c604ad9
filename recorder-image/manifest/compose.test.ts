import { describe, expect, it } from 'vitest';
import { composeManifest } from './compose.ts';
import { pieceOf } from './testing/pieces.ts';

const at = (minute: number): string => new Date(minute * 60_000).toISOString();

describe('the manifest of several attempts', () => {
  it('tells of all in their order, and of the time between them', () => {
    const away = { from: at(1), to: at(2), reason: 'PublisherAway' as const };
    const manifest = composeManifest([pieceOf(2, [12, 20]), pieceOf(1, [0, 10], { gaps: [away] })]);
    expect(manifest).toMatchObject({
      ...{ startedAt: at(0), stoppedAt: at(20), durationSeconds: 18 * 60, writtenAt: at(20) },
      attempts: [{ attempt: 1 }, { attempt: 2 }],
      files: [{ attempt: 1 }, { attempt: 2 }],
      gaps: [away, { from: at(10), to: at(12), reason: 'RecorderLost' }],
      missingSeconds: 120,
      complete: true,
    });
    expect(manifest.incompleteReason).toBeUndefined();
  });

  it('is incomplete for the worst reason of any attempt', () => {
    const left = { track: 'video:1', codec: 'vp6', why: 'no' };
    const manifest = composeManifest([
      pieceOf(1, [0, 10], { complete: false, incompleteReason: 'TrackLeftOut', leftOut: [left] }),
      pieceOf(2, [10, 20], { complete: false, incompleteReason: 'MediaLost', missingSeconds: 3.5 }),
      pieceOf(3, [20, 30], { leftOut: [left] }),
    ]);
    expect(manifest).toMatchObject({ complete: false, incompleteReason: 'MediaLost', missingSeconds: 3.5 });
    expect(manifest.leftOut).toEqual([left]);
  });

  it('has of an attempt what was said last', () => {
    const manifest = composeManifest([
      pieceOf(1, [0, 10]),
      pieceOf(1, [0, 10], { writtenAt: at(99), durationSeconds: 7 }),
    ]);
    expect(manifest).toMatchObject({ durationSeconds: 7, attempts: [{ attempt: 1 }] });
  });

  it('has one gap behind an attempt that was salvaged, up to the media of the next one', () => {
    const since = { from: at(10), to: at(15), reason: 'RecorderLost' as const };
    const salvaged = pieceOf(1, [0, 10], { gaps: [since] });
    expect(composeManifest([salvaged]).gaps).toEqual([since]);
    const { gaps, missingSeconds } = composeManifest([salvaged, pieceOf(2, [12, 20])]);
    expect(gaps).toEqual([{ from: at(10), to: at(12), reason: 'RecorderLost' }]);
    expect(missingSeconds).toBe(120);
  });

  it('is that of the attempt where there is one', () => {
    expect(composeManifest([pieceOf(1, [0, 10])])).toEqual(pieceOf(1, [0, 10]));
  });
});
