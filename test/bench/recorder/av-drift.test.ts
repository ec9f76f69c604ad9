import { describe, expect, it } from 'vitest';
import { avDriftMs } from './av-drift.ts';
import type { PacketTimes } from './av-drift.ts';

function meeting(options: { readonly audioRate?: number; readonly start?: number } = {}): PacketTimes {
  const { audioRate = 1, start = 0 } = options;
  return {
    video: Array.from({ length: 3000 }, (_, frame) => start + frame * 33),
    audio: Array.from({ length: 4000 }, (_, frame) => start + frame * 21 * audioRate),
  };
}

describe('the drift between audio and video', () => {
  it('is none when both are where they were published, wherever the recording begins', () => {
    expect(avDriftMs(meeting(), meeting({ start: 500 }))).toBe(0);
  });

  it('is what one track runs too fast by until the end', () => {
    expect(avDriftMs(meeting(), meeting({ audioRate: 1.01 }))).toBeCloseTo((3999 - 10) * 0.21, 5);
  });

  it('can’t be told when packets are missing', () => {
    const { video, audio } = meeting();
    expect(avDriftMs(meeting(), { video, audio: audio.slice(1) })).toBeNaN();
  });
});
