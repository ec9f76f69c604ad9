import { describe, expect, it } from 'vitest';
import { SampleClock } from './sample-clock.ts';

describe('times on a timescale', () => {
  it.each([8000, 11_025, 44_100, 48_000, 90_000])('give back every ms that was sent: %i', (timescale) => {
    const clock = new SampleClock(timescale);
    for (let ms = 0; ms < 5000; ms += 1) {
      const { dts, offset } = clock.place(ms, ms + (ms % 7) - 3);
      expect(Math.round((dts * 1000) / timescale)).toBe(ms);
      expect(Math.round(((dts + offset) * 1000) / timescale)).toBe(ms + (ms % 7) - 3);
    }
  });

  it('let samples of the same ms follow one another', () => {
    const clock = new SampleClock(90_000);
    expect([1, 1, 1, 2].map((ms) => clock.place(ms, ms).dts)).toEqual([90, 91, 92, 180]);
  });

  it('give back a ms in which there are more samples than units', () => {
    const clock = new SampleClock(8000);
    const placed = Array.from({ length: 100 }, () => clock.place(7, 7).dts);
    expect(placed.map((dts) => Math.round((dts * 1000) / 8000))).toEqual(placed.map(() => 7));
    expect(placed).toEqual(placed.toSorted((a, b) => a - b));
  });
});
