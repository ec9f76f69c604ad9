import { describe, expect, it } from 'vitest';
import { takeKey } from './object-keys.ts';

describe('the key of a take', () => {
  it('is the recording’s own for the first, and one beside it for the others', () => {
    expect(takeKey('recordings/a.b/rec.mp4', 1)).toBe('recordings/a.b/rec.mp4');
    expect(takeKey('recordings/a.b/rec.mp4', 2)).toBe('recordings/a.b/rec-take2.mp4');
    expect(takeKey('recordings/a.b/rec', 3)).toBe('recordings/a.b/rec-take3');
  });
});
