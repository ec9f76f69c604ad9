import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isStreamKey } from './stream-key.ts';

const sha256 = createHash('sha256').update('the key').digest('hex');

describe('the stream key', () => {
  it('is the one whose hash is known, and no other', () => {
    expect(isStreamKey('the key', sha256)).toBe(true);
    for (const wrong of ['', 'the ke', 'the key ', sha256]) expect(isStreamKey(wrong, sha256)).toBe(false);
  });
});
