import { describe, expect, it } from 'vitest';
import { cpuMillis, mebibytes, quantityBytes } from './quantities.ts';

const GIBI = 1024 ** 3;

describe('bytes', () => {
  it.each([
    ['8Gi', 8 * GIBI],
    ['1.5G', 1.5e9],
    ['1048576', 1_048_576],
  ])('are read: %s', (quantity, bytes) => {
    expect(quantityBytes(quantity)).toBe(bytes);
  });

  it.each(['', 'much', '8GiB', '-1Gi'])('are not read: %j', (quantity) => {
    expect(() => quantityBytes(quantity)).toThrow(RangeError);
  });

  it('are whole Mi, rounded up', () => {
    expect(mebibytes(1.5 * 1024 * 1024)).toBe('2Mi');
  });
});

describe('CPU', () => {
  it.each([
    ['100m', 100],
    ['2', 2000],
    ['0.25', 250],
  ])('is read: %s', (quantity, millis) => {
    expect(cpuMillis(quantity)).toBe(millis);
  });

  it.each(['', 'm', '1Gi', '-1'])('is not read: %j', (quantity) => {
    expect(() => cpuMillis(quantity)).toThrow(RangeError);
  });
});
