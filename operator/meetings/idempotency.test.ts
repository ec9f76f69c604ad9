import { describe, expect, it } from 'vitest';
import { digestOfStart, stopKeyOf } from './idempotency.ts';

describe('what a start asked for', () => {
  it('is the same in whatever order it was said, and another one when anything differs', () => {
    const digest = digestOfStart({ format: 'mp4', fps: 25 });
    expect(digestOfStart({ fps: 25, format: 'mp4', bitrate: undefined })).toBe(digest);
    for (const other of [{}, { fps: 25 }, { format: 'mp4', fps: 26 }, { format: 'webm', fps: 25 }] as const)
      expect(digestOfStart(other)).not.toBe(digest);
  });
});

describe("a user's key", () => {
  it("is nobody else's, also where the two together read alike", () => {
    expect(stopKeyOf('a', 'bc')).not.toBe(stopKeyOf('ab', 'c'));
    expect(stopKeyOf('a","b', 'c')).not.toBe(stopKeyOf('a', 'b","c'));
  });
});
