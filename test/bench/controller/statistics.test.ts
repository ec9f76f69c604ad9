import { describe, expect, it } from 'vitest';
import { median, quantile, rounded } from './statistics.ts';

describe('statistics of runs', () => {
  it('takes the smallest value that so many are not above', () => {
    const values = [4, 1, 3, 2];
    expect(quantile(values, 0.5)).toBe(2);
    expect(quantile(values, 0.99)).toBe(4);
    expect(quantile([7], 0.01)).toBe(7);
  });

  it('finds the middle of odd and even numbers of runs', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5])).toBe(5);
    expect(median([5, 6])).toBe(5.5);
  });

  it('says so when there is nothing', () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it('rounds to five digits', () => {
    expect(rounded(123_456.7)).toBe(123_460);
    expect(rounded(1.000_233)).toBe(1.0002);
  });
});
