import { describe, expect, it } from 'vitest';
import { newRecordingId } from './recording-id.ts';

describe('a recording id', () => {
  it('is made of the random bytes it is given', () => {
    expect(newRecordingId(() => Uint8Array.from([0, 1, 9, 10, 31, 32, 63, 255]))).toBe('rec-019az0zz');
  });

  it('is a DNS label that leaves room for an attempt', () => {
    const id = newRecordingId((count) => new Uint8Array(count).fill(200));
    expect(id).toMatch(/^rec-[0-9a-hjkmnp-tv-z]{8}$/);
  });
});
