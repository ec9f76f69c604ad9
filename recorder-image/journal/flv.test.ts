import { describe, expect, it } from 'vitest';
import { fileHeader, hasTrailer, isFileHeader, readTagHeader, tagSize, writeTag } from './flv.ts';
import type { Tag } from './flv.ts';

function written(tag: Tag): Buffer {
  const bytes = Buffer.alloc(tagSize(tag.payload.length));
  expect(writeTag(bytes, 0, tag)).toBe(bytes.length);
  return bytes;
}

describe('FLV tags', () => {
  it.each([0, 1, 0xff_ffff, 0x100_0000, 0x7fff_ffff, 0xffff_ffff])(
    'read back the time %i as written',
    (timestampMs) => {
      const bytes = written({ track: 'video', timestampMs, payload: Buffer.from('abc') });
      expect(readTagHeader(bytes, 0)).toEqual({ track: 'video', timestampMs, payloadSize: 3 });
      expect(hasTrailer(bytes, 0, 3)).toBe(true);
    },
  );

  it('are byte for byte as Annex E says', () => {
    const bytes = written({ track: 'audio', timestampMs: 0x0102_0304, payload: Buffer.from([0xaa, 0xbb]) });
    expect(bytes.toString('hex')).toBe('08 000002 020304 01 000000 aabb 0000000d'.replaceAll(' ', ''));
  });

  it('are not seen where something else stands', () => {
    expect(readTagHeader(Buffer.alloc(20), 0)).toBeUndefined();
    expect(readTagHeader(Buffer.alloc(5, 8), 0)).toBeUndefined();
  });
});

describe('the FLV file header', () => {
  it.each([
    { tracks: ['audio', 'video'] as const, flags: 5 },
    { tracks: ['audio'] as const, flags: 4 },
    { tracks: ['video'] as const, flags: 1 },
  ])('announces $tracks', ({ tracks, flags }) => {
    const header = fileHeader(new Set(tracks));
    expect(header[4]).toBe(flags);
    expect(isFileHeader(header)).toBe(true);
    expect(isFileHeader(header.subarray(0, 12))).toBe(false);
  });
});
